-- KEYS  leases, then the meters.  ARGV  time or '', '', numbers: the meters' rules
-- Reply doubles, little-endian: time; then for each meter: used, taken, stamp
local now = time()
read_numbers()
open_all(1, now, false)
local parts = { pack('<d', now) }
for i = 1, meters do parts[i + 1] = pack('<ddd', used[i], taken[i], stamp[i]) end
return table.concat(parts)
