-- A process shows that it lives, and releases what dead ones left.
-- KEYS  leases, expiry, replicas, the process's last number.  ARGV  time or '', lease time, process, '1' = it leaves
-- Reply a list: processes that live, time
local FORGET_ALL = 2592000  -- thirty days, seconds: what nobody uses any more vanishes
local FORGET_PROCESS = 604800
local now = time()
local meters = {}
release_expired(meters, now, 100)
for _, m in pairs(meters) do
  if m.changed then save(m, now) end
end
if ARGV[4] == '1' then
  redis.call('ZREM', KEYS[3], ARGV[3])
  redis.call('DEL', KEYS[4])
else
  redis.call('ZADD', KEYS[3], format('%.0f', now + num(ARGV[2])), ARGV[3])
  redis.call('EXPIRE', KEYS[4], format('%.0f', FORGET_PROCESS))
end
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', format('%.0f', now))
redis.call('EXPIRE', KEYS[1], format('%.0f', FORGET_ALL))
redis.call('EXPIRE', KEYS[2], format('%.0f', FORGET_ALL))
redis.call('EXPIRE', KEYS[3], format('%.0f', FORGET_ALL))
return { format('%.0f', redis.call('ZCARD', KEYS[3])), format('%.0f', now) }
