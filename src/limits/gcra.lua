-- GCRA over every key at once: all let the question pass and all count it, or none counts it.
-- KEYS: one per limit. ARGV: per limit the microseconds that a question costs, and how many may come at once.
-- Returns {0, 0}, or {number of the limit that refused, microseconds until it would not}.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local next_at = {}
for i, key in ipairs(KEYS) do
  local cost, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local at = tonumber(redis.call('GET', key) or '') or now
  -- A clock that was set back must not lock a visitor out for longer than the limit itself.
  at = math.min(math.max(at, now), now + cost * burst)
  local wait = at - now - cost * (burst - 1)
  if wait > 0 then
    return {i, wait}
  end
  next_at[i] = at + cost
end
for i, key in ipairs(KEYS) do
  -- %.0f: Lua's own conversion of a number keeps 14 digits, and a time in microseconds has 16.
  redis.call('SET', key, string.format('%.0f', next_at[i]), 'PX', math.ceil((next_at[i] - now) / 1000))
end
return {0, 0}
