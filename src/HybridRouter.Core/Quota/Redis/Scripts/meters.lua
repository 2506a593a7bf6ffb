-- What the scripts share. Amounts are doubles, times are whole microseconds since the Unix epoch: both exact up to 2^53.
-- A meter's state is six doubles, little-endian: used taken stamp begun rate most; no key means that nothing is used.
-- (Text would be easier to look at, but reading and writing it takes longer than all the rest.) By the letter that its
-- key begins with (b bucket, d day, m month, c concurrency, g gate):
--   used   b: fades by rate from stamp on; d, m: used since stamp, which is when the window started; c: slots in use;
--          g: closed until then
--   taken  everything ever taken less what was given back, since begun
--   rate   b: faded per microsecond; most: what can be used at one time; both as they were last heard
local DAY = 86400e6
local LONGEST = 3153600e6  -- a hundred years, milliseconds
local STATE = '<dddddd'
local unpack = table.unpack or unpack
local floor, max, min, format, sub, num = math.floor, math.max, math.min, string.format, string.sub, tonumber
local call, pack, unpack_bytes = redis.call, struct.pack, struct.unpack
local PREFIX = sub(KEYS[1], 1, -7) .. 'm:'
local KIND = #PREFIX + 1

-- The meters of this call, numbered; an array for each part, as a table for each meter is slower.
local key, kind, used, taken, stamp, begun, rate, most, changed = {}, {}, {}, {}, {}, {}, {}, {}, {}
local meters = 0

-- The numbers of a call are doubles in its third argument: how many meters, for each of them most and rate, and the rest.
-- Its texts follow as arguments of their own.
local numbers, number, text = {}, 1, 3

local function read_numbers()
  local bytes, size = ARGV[3], #ARGV[3] / 8
  -- Lua 5.1 (Redis) returns some thousand values at once, and no more.
  local n = min(size, 1000)
  numbers = { unpack_bytes('<' .. string.rep('d', n), bytes) }
  while n < size do
    local more = min(size - n, 1000)
    local part = { unpack_bytes('<' .. string.rep('d', more), bytes, n * 8 + 1) }
    for i = 1, more do numbers[n + i] = part[i] end
    n = n + more
  end
  numbers[size + 1] = nil  -- where it stopped reading
  number = 2 + 2 * numbers[1]
end

local function next_number()
  number = number + 1
  return numbers[number - 1]
end

local function next_text()
  text = text + 1
  return ARGV[text]
end

local function time()
  if ARGV[1] ~= '' then return num(ARGV[1]) end
  local t = call('TIME')
  return t[1] * 1e6 + t[2]
end

-- First day of the month that a day (since 1970) lies in; the calendar of 400 years, begun on the first of March.
local function month(day)
  local z = day + 719468
  local e = z % 146097
  local y = floor((e - floor(e / 1460) + floor(e / 36524) - floor(e / 146096)) / 365)
  local d = e - (365 * y + floor(y / 4) - floor(y / 100))
  local m = floor((5 * d + 2) / 153)
  return day - (d - floor((153 * m + 2) / 5))
end

local function window_start(k, now)
  local day = floor(now / DAY)
  return (k == 'd' and day or month(day)) * DAY
end

local function window_end(i)
  if kind[i] == 'd' then return stamp[i] + DAY end
  return month(stamp[i] / DAY + 31) * DAY
end

-- A meter as it is at this moment; most and rate are those of a new one.
local function open(name, state, now, new_most, new_rate)
  local i, k = meters + 1, sub(name, KIND, KIND)
  meters, key[i], kind[i], changed[i] = i, name, k, false
  if not state then
    used[i], taken[i], stamp[i], begun[i], rate[i], most[i] = 0, 0, now, floor(now / 1000) * 1000, new_rate, new_most
    if k == 'd' or k == 'm' then stamp[i] = window_start(k, now) end
    return i
  end
  used[i], taken[i], stamp[i], begun[i], rate[i], most[i] = unpack_bytes(STATE, state)
  if k == 'b' then
    if now > stamp[i] then used[i] = max(0, used[i] - (now - stamp[i]) * rate[i]) end
    stamp[i] = now
  elseif k == 'd' or k == 'm' then
    if now >= window_end(i) then
      used[i], stamp[i] = 0, window_start(k, now)
    elseif stamp[i] - now > DAY then
      -- A clock that is set back a little must not start the same day twice; one that was far ahead must not count for ever.
      stamp[i] = window_start(k, now)
    end
  end
  return i
end

-- The meters of the call, whose keys come after the first ones. Rules as they are known, or as the call says them.
local function open_all(after, now, says)
  meters = 0
  local count = numbers[1]
  if count == 0 then return {} end
  local states = call('MGET', unpack(KEYS, after + 1))
  for i = 1, count do
    local o, r = numbers[2 * i], numbers[2 * i + 1]
    open(KEYS[after + i], states[i], now, o, r)
    if says then most[i], rate[i] = o, r end
  end
  return states
end

-- How long a meter is kept, milliseconds: until it counts nothing any more, and a day. Mostly a constant, as writing a
-- number takes as long as storing it.
local function keep(i, now)
  local k = kind[i]
  if k == 'b' then
    if used[i] <= 0 then return '90000000' end
    if rate[i] <= 0 then return format('%.0f', LONGEST) end
    local fades = used[i] / rate[i] / 1000
    if fades < 3600e3 then return '90000000' end
    return format('%.0f', min(86400e3 + fades, LONGEST))
  elseif k == 'd' then
    return '172800000'
  elseif k == 'm' then
    return '2764800000'
  elseif k == 'c' then
    return used[i] > 0 and '2592000000' or '86400000'
  end
  return format('%.0f', min(max(0, used[i] - now) / 1000 + 1000, LONGEST))
end

local function save(now)
  for i = 1, meters do
    if changed[i] then
      call('SET', key[i], pack(STATE, used[i], taken[i], stamp[i], begun[i], rate[i], most[i]), 'PX', keep(i, now))
      changed[i] = false
    end
  end
end

-- Whether what was granted at a time still counts: what was taken in a window that is over went with it.
local function counts(i, granted)
  local k = kind[i]
  return k == 'b' or k == 'c' or (k ~= 'g' and granted >= stamp[i])
end

local function change(i, amount)
  used[i], taken[i], changed[i] = max(0, used[i] + amount), taken[i] + amount, true
end

-- A lease is "granted suffix amount suffix amount ...", granted in milliseconds, each suffix that of a meter's key.
local function release(record, known, now)
  local granted, rest = string.match(record, '^(%S+)(.*)$')
  granted = granted * 1000
  for suffix, amount in string.gmatch(rest, ' (%S+) (%S+)') do
    local name = PREFIX .. suffix
    if known[name] == nil then
      local state = call('GET', name)
      known[name] = state and open(name, state, now, 0, 0) or false
    end
    local i = known[name]
    if i and counts(i, granted) then change(i, -num(amount)) end
  end
end

-- Gives back in full what leases held whose process is gone. A bounded part of them, so that no call takes long. The
-- meters of the call must be opened after it.
local function release_expired(now, count)
  local ids = call('ZRANGEBYSCORE', KEYS[2], '-inf', format('%.0f', now), 'LIMIT', '0', count)
  if #ids == 0 then return 0 end
  meters = 0
  local records, known = call('HMGET', KEYS[1], unpack(ids)), {}
  for i = 1, #ids do
    if records[i] then release(records[i], known, now) end
  end
  call('HDEL', KEYS[1], unpack(ids))
  call('ZREM', KEYS[2], unpack(ids))
  save(now)
  return #ids
end
