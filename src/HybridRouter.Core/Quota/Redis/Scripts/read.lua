-- KEYS  leases, then the meters.  ARGV  time or '', then for each meter: most, rate
-- Reply one string: time; then for each meter: used, taken, stamp
local now = time()
local parts = { format('%.0f', now) }
local texts = #KEYS > 1 and redis.call('MGET', unpack(KEYS, 2)) or {}
for i = 2, #KEYS do
  local m = open(KEYS[i], texts[i - 1], now, num(ARGV[i * 2 - 1]), num(ARGV[i * 2 - 2]))
  parts[i] = format('%.17g %.17g %.17g', m.used, m.taken, m.stamp)
end
return table.concat(parts, ' ')
