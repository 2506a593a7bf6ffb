-- One decision over all meters of a claim.
-- KEYS  leases, expiry, then the meters
-- ARGV  time or '', lease time, id, preferred option or 0, 'h' (most headroom) or 'f' (first), then for each meter: most,
--       rate; then the number of common charges and for each: meter, amount; then the number of options and for each the same
-- Reply one string: 'g' granted, 'c' common refuses, 'o' options refuse; option taken or 0; meter that refuses or 0; wait
--       in microseconds, -1 = never; time; then for each charge granted (common, then option), or of all options: used, taken, stamp
local TIE = 0.001
local SLOT = 1e6
local now = time()
local meters = {}
release_expired(meters, now, 4)
for _, m in pairs(meters) do
  if m.changed then save(m, now) end
end

local count = #KEYS - 2
local list = {}
local at = 6
if count > 0 then
  local texts = redis.call('MGET', unpack(KEYS, 3))
  for i = 1, count do
    local most, rate = num(ARGV[at]), num(ARGV[at + 1])
    local m = open(KEYS[i + 2], texts[i], now, rate, most)
    m.most, m.rate, m.slack = most, rate, 1e-6 + most * 1e-13
    list[i] = m
    at = at + 2
  end
end

local function charges()
  local n = tonumber(ARGV[at])
  local result = {}
  at = at + 1
  for i = 1, n do
    local index = tonumber(ARGV[at])
    result[i] = { m = list[index], index = index, amount = num(ARGV[at + 1]) }
    at = at + 2
  end
  return result
end

local function fits(c)
  if c.m.kind == 'g' then return c.m.used <= now end
  return c.amount == 0 or c.m.used + c.amount <= c.m.most + c.m.slack
end

local function all_fit(group)
  for _, c in ipairs(group) do
    if not fits(c) then return false end
  end
  return true
end

-- Until it fits if nothing else is taken; -1 = never.
local function wait(c)
  local m = c.m
  if fits(c) then return 0 end
  if m.kind == 'g' then return m.used - now end
  if c.amount > m.most then return -1 end
  if m.kind == 'c' then return SLOT end
  if m.kind ~= 'b' then return window_end(m.kind, m.stamp) - now end
  if m.rate <= 0 then return -1 end
  return math.ceil((m.used + c.amount - m.most) / m.rate)
end

-- The charge that waits longest, and how long.
local function worst(group)
  local index, longest = 0, 0
  for _, c in ipairs(group) do
    local w = wait(c)
    if w < 0 then return c.index, w end
    if w > longest then index, longest = c.index, w end
  end
  return index, longest
end

-- Share that the scarcest meter has left after this request; slots in use.
local function weigh(group)
  local room, slots = 1, 0
  for _, c in ipairs(group) do
    local m = c.m
    if m.kind == 'c' then
      slots = slots + m.used
    elseif m.kind ~= 'g' then
      room = min(room, (m.most - m.used - c.amount) / max(1, m.most))
    end
  end
  return room, slots
end

local function choose(options)
  local preferred = tonumber(ARGV[4])
  if options[preferred] and all_fit(options[preferred]) then return preferred end
  local rooms, slots, best = {}, {}, nil
  for i, option in ipairs(options) do
    if all_fit(option) then
      if ARGV[5] == 'f' then return i end
      rooms[i], slots[i] = weigh(option)
      if not best or rooms[i] > best then best = rooms[i] end
    end
  end
  local chosen = 0
  for i = 1, #options do
    if rooms[i] and rooms[i] >= best - TIE and (chosen == 0 or slots[i] < slots[chosen]) then chosen = i end
  end
  return chosen
end

local function reply(code, option, meter, waits, groups)
  local parts = { format('%s %.0f %.0f %.0f %.0f', code, option, meter, waits, now) }
  for _, group in ipairs(groups) do
    for _, c in ipairs(group) do
      parts[#parts + 1] = format('%.17g %.17g %.17g', c.m.used, c.m.taken, c.m.stamp)
    end
  end
  return table.concat(parts, ' ')
end

local common = charges()
local options = {}
local option_count = tonumber(ARGV[at])
at = at + 1
for i = 1, option_count do options[i] = charges() end

if not all_fit(common) then
  local meter, longest = worst(common)
  return reply('c', 0, meter, longest, {})
end

local chosen = 0
if #options > 0 then
  chosen = choose(options)
  if chosen == 0 then
    local meter, soonest = worst(options[1])
    for i = 2, #options do
      local other, w = worst(options[i])
      if w >= 0 and (soonest < 0 or w < soonest) then meter, soonest = other, w end
    end
    return reply('o', 0, meter, soonest, options)
  end
end

local granted = format('%.0f', floor(now / 1000))
local expires = format('%.0f', now + num(ARGV[2]))
local records, scores = {}, {}

local function hold(group, id)
  if #group == 0 then return end
  local record = { granted }
  for _, c in ipairs(group) do
    take(c.m, c.amount)
    if c.amount > 0 then
      c.m.changed = true
      record[#record + 1] = string.sub(c.m.key, KIND) .. ' ' .. format('%.0f', c.amount)
    end
  end
  records[#records + 1], records[#records + 2] = id, table.concat(record, ' ')
  scores[#scores + 1], scores[#scores + 2] = expires, id
end

local option = options[chosen] or {}
hold(common, ARGV[3] .. 'c')
hold(option, ARGV[3] .. 'o')
for _, m in ipairs(list) do
  if m.changed then save(m, now) end
end
if #records > 0 then
  redis.call('HSET', KEYS[1], unpack(records))
  redis.call('ZADD', KEYS[2], unpack(scores))
end
return reply('g', chosen, 0, 0, { common, option })
