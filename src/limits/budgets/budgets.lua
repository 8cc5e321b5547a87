-- Takes in what a service paid and no longer sets aside, and sets an amount aside if the budgets allow it.
-- Amounts are whole numbers of 10^-12 dollars. ARGV holds, in this order: what the service knows was spent today and this
-- month; what it paid today and this month since it told last; the daily and the monthly budget (-1: none); what it wants to
-- set aside, and the least that would do (-1: nothing); its name for that; for how many milliseconds; then the names of what
-- it no longer sets aside, each with its amount before it, as in "123:name".
-- Returns {0 free, 1 tight or 2 spent, today's total, this month's total}.
local day, month, under_way, held = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function value(key)
  return tonumber(redis.call('GET', key) or '')
end

-- A Redis that lost its data, or found rubbish there, begins with what this service knows.
local function total(key, known, paid, days)
  if (value(key) or -1) < tonumber(known) then
    redis.call('SET', key, known)
  end
  redis.call('INCRBY', key, paid)
  redis.call('EXPIRE', key, days * 86400)
  return value(key)
end

local function release(name)
  if redis.call('ZREM', held, name) == 1 then
    redis.call('DECRBY', under_way, string.match(name, '^%d+'))
  end
end

local spent_day = total(day, ARGV[1], ARGV[3], 2)
local spent_month = total(month, ARGV[2], ARGV[4], 32)
for i = 11, #ARGV do
  release(ARGV[i])
end
-- A service that was killed never says that its answers ended.
for _, name in ipairs(redis.call('ZRANGEBYSCORE', held, '-inf', now, 'LIMIT', 0, 100)) do
  release(name)
end
local aside = value(under_way)
if not aside or aside < 0 then
  redis.call('SET', under_way, 0)
  aside = 0
end

local budgets = {{tonumber(ARGV[5]), spent_day + aside}, {tonumber(ARGV[6]), spent_month + aside}}
local function fits(amount)
  for _, budget in ipairs(budgets) do
    if budget[1] >= 0 and budget[2] + amount > budget[1] then
      return false
    end
  end
  return true
end

local tight = false
for _, budget in ipairs(budgets) do
  tight = tight or budget[1] >= 0 and budget[2] * 100 >= budget[1] * 80
end

local wanted, thrifty = ARGV[7], ARGV[8]
local verdict = 2
if tonumber(wanted) < 0 then
  verdict = 0
elseif not tight and fits(tonumber(wanted)) then
  verdict = 0
elseif fits(tonumber(thrifty)) then
  verdict = 1
end
local amount = verdict == 0 and wanted or thrifty
if tonumber(wanted) >= 0 and verdict < 2 then
  redis.call('INCRBY', under_way, amount)
  redis.call('ZADD', held, now + ARGV[10], amount .. ':' .. ARGV[9])
end
redis.call('PEXPIRE', under_way, ARGV[10])
redis.call('PEXPIRE', held, ARGV[10])
return {verdict, redis.call('GET', day), redis.call('GET', month)}
