-- One decision over all meters of a claim.
-- KEYS  leases, expiry, then the meters
-- ARGV  time or '', lease time, numbers: preferred option or 0; 1 = the first that fits, 0 = most headroom; of the common
--       charges how many, and for each: meter, amount; how many options, and for each the same; then texts: id; of the
--       common charges, then of each option, what a lease of them remembers
-- Reply doubles, little-endian: 0 granted, 1 common refuses, 2 options refuse; option taken or 0; meter that refuses or 0; wait
--       in microseconds, -1 = never; time; then for each charge granted (common, then option), or of all options: used, taken, stamp
local TIE = 0.001
local SLOT = 1e6
local now = time()
read_numbers()
local preferred, first_fits, id = next_number(), next_number() == 1, next_text()

-- Charges, one after the other: meter and amount. A group of them (0 common, then the options) has a first and a last.
local meter, amount = {}, {}
local first, last, record = {}, {}, {}
local charges = 0

local function group(g)
  record[g], first[g], last[g] = next_text(), charges + 1, charges + next_number()
  while charges < last[g] do
    charges = charges + 1
    meter[charges], amount[charges] = numbers[number], numbers[number + 1]
    number = number + 2
  end
end

group(0)
local options = next_number()
for g = 1, options do group(g) end

local function fits(c)
  local m = meter[c]
  if kind[m] == 'g' then return used[m] <= now end
  return amount[c] == 0 or used[m] + amount[c] <= most[m] + 1e-6 + most[m] * 1e-13
end

local function all_fit(g)
  for c = first[g], last[g] do
    if not fits(c) then return false end
  end
  return true
end

-- Until it fits if nothing else is taken; -1 = never.
local function wait(c)
  if fits(c) then return 0 end
  local m = meter[c]
  local k = kind[m]
  if k == 'g' then return used[m] - now end
  if amount[c] > most[m] then return -1 end
  if k == 'c' then return SLOT end
  if k ~= 'b' then return window_end(m) - now end
  if rate[m] <= 0 then return -1 end
  return math.ceil((used[m] + amount[c] - most[m]) / rate[m])
end

-- The meter of a group that waits longest, and how long.
local function worst(g)
  local index, longest = 0, 0
  for c = first[g], last[g] do
    local w = wait(c)
    if w < 0 then return meter[c], w end
    if w > longest then index, longest = meter[c], w end
  end
  return index, longest
end

-- Share that the scarcest meter has left after this request; slots in use.
local function weigh(g)
  local room, slots = 1, 0
  for c = first[g], last[g] do
    local m = meter[c]
    if kind[m] == 'c' then
      slots = slots + used[m]
    elseif kind[m] ~= 'g' then
      room = min(room, (most[m] - used[m] - amount[c]) / max(1, most[m]))
    end
  end
  return room, slots
end

local function choose()
  if preferred > 0 and all_fit(preferred) then return preferred end
  local rooms, slots, best = {}, {}, nil
  for g = 1, options do
    if all_fit(g) then
      if first_fits then return g end
      rooms[g], slots[g] = weigh(g)
      if not best or rooms[g] > best then best = rooms[g] end
    end
  end
  local chosen = 0
  for g = 1, options do
    if rooms[g] and rooms[g] >= best - TIE and (chosen == 0 or slots[g] < slots[chosen]) then chosen = g end
  end
  return chosen
end

-- 0 granted, 1 common refuses, 2 options refuse; and the option.
local function decide()
  open_all(2, now, true)
  if not all_fit(0) then return 1, 0 end
  if options == 0 then return 0, 0 end
  local chosen = choose()
  return chosen > 0 and 0 or 2, chosen
end

local function readings(parts, g)
  for c = first[g], last[g] do
    local m = meter[c]
    parts[#parts + 1] = pack('<ddd', used[m], taken[m], stamp[m])
  end
end

-- What dead processes hold matters to whoever is refused; the heartbeat releases the rest.
local code, chosen = decide()
if code ~= 0 and release_expired(now, '8') > 0 then code, chosen = decide() end

if code == 1 then
  local index, longest = worst(0)
  return pack('<ddddd', 1, 0, index, longest, now)
end
if code == 2 then
  local index, soonest = worst(1)
  for g = 2, options do
    local other, w = worst(g)
    if w >= 0 and (soonest < 0 or w < soonest) then index, soonest = other, w end
  end
  local parts = { pack('<ddddd', 2, 0, index, soonest, now) }
  for g = 1, options do readings(parts, g) end
  return table.concat(parts)
end

local granted = format('%.0f', floor(now / 1000))
local expires = format('%.0f', now + ARGV[2])
local records, scores = {}, {}

local function hold(g, name)
  if first[g] > last[g] then return end
  for c = first[g], last[g] do
    if amount[c] > 0 then change(meter[c], amount[c]) end
  end
  records[#records + 1], records[#records + 2] = name, granted .. record[g]
  scores[#scores + 1], scores[#scores + 2] = expires, name
end

hold(0, id .. 'c')
if chosen > 0 then hold(chosen, id .. 'o') end
save(now)
if #records > 0 then
  call('HSET', KEYS[1], unpack(records))
  call('ZADD', KEYS[2], unpack(scores))
end
local parts = { pack('<ddddd', 0, chosen, 0, 0, now) }
readings(parts, 0)
if chosen > 0 then readings(parts, chosen) end
return table.concat(parts)
