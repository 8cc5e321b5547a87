-- Tells changes of breakers to all services, and gives what all of them told.
-- KEYS: the hash of breakers. ARGV: for each change the model, the milliseconds until its probe (-1: closed), and its pause.
-- Returns, flat, for each model: its name, the number of its latest change, milliseconds until its probe (-1: closed), pause.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i = 1, #ARGV, 3 do
  local left = tonumber(ARGV[i + 1])
  local probe = left < 0 and -1 or now + left
  local change = redis.call('HINCRBY', KEYS[1], 'changes', 1)
  -- %.0f: Lua's own conversion of a number keeps 14 digits.
  redis.call('HSET', KEYS[1], 'model ' .. ARGV[i], string.format('%d %.0f %s', change, probe, ARGV[i + 2]))
end
if #ARGV > 0 then
  redis.call('EXPIRE', KEYS[1], 86400)
end
local told = {}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local model = string.match(all[i], '^model (.*)$')
  local change, probe, pause = string.match(all[i + 1], '^(%d+) (%-?%d+) (%d+)$')
  if model and change then
    local left = tonumber(probe) < 0 and -1 or math.max(0, tonumber(probe) - now)
    for _, word in ipairs({model, change, string.format('%.0f', left), pause}) do
      told[#told + 1] = word
    end
  end
end
return told
