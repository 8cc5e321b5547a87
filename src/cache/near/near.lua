-- Adds to what one site learned. The numbers of a stream begin with the time in milliseconds, by Redis's own clock.
-- KEYS: the sites by the time of their last news; the site's stream of this kind.
-- ARGV: the site; entries that the stream has at most, about; milliseconds that it lives after its last news; then the news.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i = 4, #ARGV do
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[2], '*', 'd', ARGV[i])
end
redis.call('PEXPIRE', KEYS[2], ARGV[3])
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
-- No kind of news lives longer than 31 days without being told again.
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - 2678400000))
redis.call('PEXPIRE', KEYS[1], 2678400000)
return 1
