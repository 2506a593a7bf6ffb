-- A process shows that it lives, and releases what dead ones left.
-- KEYS  leases, expiry, replicas, the process's last number.  ARGV  time or '', lease time, process, '1' = it leaves
-- Reply a list: processes that live, time
local FORGET_ALL = '2592000'  -- thirty days, seconds: what nobody uses any more vanishes
local FORGET_PROCESS = '604800'
local now = time()
release_expired(now, '100')
if ARGV[4] == '1' then
  call('ZREM', KEYS[3], ARGV[3])
  call('DEL', KEYS[4])
else
  call('ZADD', KEYS[3], format('%.0f', now + ARGV[2]), ARGV[3])
  call('EXPIRE', KEYS[4], FORGET_PROCESS)
end
call('ZREMRANGEBYSCORE', KEYS[3], '-inf', format('%.0f', now))
call('EXPIRE', KEYS[1], FORGET_ALL)
call('EXPIRE', KEYS[2], FORGET_ALL)
call('EXPIRE', KEYS[3], FORGET_ALL)
return { format('%.0f', call('ZCARD', KEYS[3])), format('%.0f', now) }
