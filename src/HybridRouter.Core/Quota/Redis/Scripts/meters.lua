-- What the scripts share. Amounts are doubles, times are whole microseconds since the Unix epoch: both exact up to 2^53.
-- A meter's state is "used taken stamp begun rate most"; no key means that nothing is used. By the letter that its key
-- begins with (b bucket, d day, m month, c concurrency, g gate):
--   used   b: fades by rate from stamp on; d, m: used since stamp, which is when the window started; c: slots in use;
--          g: closed until then
--   taken  everything ever taken less what was given back, since begun
--   rate   b: faded per microsecond; most: what can be used at one time; both as they were last heard
local DAY = 86400e6
local FORGET = 86400e3     -- an idle meter is kept for a day, milliseconds
local LONGEST = 3153600e6  -- a hundred years, milliseconds
local unpack = table.unpack or unpack
local floor, max, min, format = math.floor, math.max, math.min, string.format
local PREFIX = string.sub(KEYS[1], 1, -7) .. 'm:'
local KIND = #PREFIX + 1

-- Lua 5.4 (Garnet) reads "5" as an integer, which would overflow where a double rounds.
local function num(text) return tonumber(text) + 0.0 end

local function time()
  if ARGV[1] ~= '' then return num(ARGV[1]) end
  local t = redis.call('TIME')
  return num(t[1]) * 1e6 + num(t[2])
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

local function window_start(kind, now)
  local day = floor(now / DAY)
  return (kind == 'd' and day or month(day)) * DAY
end

local function window_end(kind, start)
  if kind == 'd' then return start + DAY end
  return month(start / DAY + 31) * DAY
end

-- Brings a meter to this moment.
local function advance(m, now)
  if m.kind == 'b' then
    m.used = max(0, m.used - max(0, now - m.stamp) * m.rate)
    m.stamp = now
  elseif m.kind == 'd' or m.kind == 'm' then
    if now >= window_end(m.kind, m.stamp) then
      m.used, m.stamp = 0, window_start(m.kind, now)
    elseif m.stamp - now > DAY then
      -- A clock that is set back a little must not start the same day twice; one that was far ahead must not count for ever.
      m.stamp = window_start(m.kind, now)
    end
  end
end

local function open(key, text, now, rate, most)
  local m = { key = key, kind = string.sub(key, KIND, KIND) }
  if text then
    local used, taken, stamp, begun, r, o = string.match(text, '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
    m.used, m.taken, m.stamp, m.begun, m.rate, m.most = num(used), num(taken), num(stamp), num(begun), num(r), num(o)
    advance(m, now)
  else
    m.used, m.taken, m.stamp, m.begun, m.rate, m.most = 0, 0, now, floor(now / 1000) * 1000, rate, most
    if m.kind == 'd' or m.kind == 'm' then m.stamp = window_start(m.kind, now) end
    if m.kind == 'g' then m.stamp = 0 end
  end
  return m
end

local function save(m, now)
  local keep
  if m.kind == 'b' then
    keep = FORGET + (m.rate > 0 and m.used / m.rate / 1000 or m.used > 0 and LONGEST or 0)
  elseif m.kind == 'c' then
    keep = m.used > 0 and 30 * FORGET or FORGET
  elseif m.kind == 'g' then
    keep = max(0, m.used - now) / 1000 + 1000
  else
    keep = max(0, window_end(m.kind, m.stamp) - now) / 1000 + FORGET
  end
  redis.call('SET', m.key, format('%.17g %.17g %.17g %.17g %.17g %.17g', m.used, m.taken, m.stamp, m.begun, m.rate, m.most),
    'PX', format('%.0f', min(keep, LONGEST)))
end

local function take(m, amount)
  m.used, m.taken = m.used + amount, m.taken + amount
end

local function give_back(m, change)
  m.used, m.taken = max(0, m.used + change), m.taken + change
end

-- A lease is "granted suffix amount suffix amount ...", granted in milliseconds, each suffix that of a meter's key.
local function release(record, meters, now)
  local granted, rest = string.match(record, '^(%S+)(.*)$')
  granted = num(granted) * 1000
  for suffix, amount in string.gmatch(rest, ' (%S+) (%S+)') do
    local key = PREFIX .. suffix
    local m = meters[key]
    if not m then
      local text = redis.call('GET', key)
      if text then m = open(key, text, now, 0, 0) end
      meters[key] = m
    end
    if m and (m.kind == 'b' or m.kind == 'c' or granted >= m.stamp) then
      give_back(m, -num(amount))
      m.changed = true
    end
  end
end

-- Gives back in full what leases held whose process is gone. A bounded part of them, so that no call takes long.
local function release_expired(meters, now, count)
  local ids = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', format('%.0f', now), 'LIMIT', '0', format('%.0f', count))
  if #ids == 0 then return 0 end
  local records = redis.call('HMGET', KEYS[1], unpack(ids))
  for i = 1, #ids do
    if records[i] then release(records[i], meters, now) end
  end
  redis.call('HDEL', KEYS[1], unpack(ids))
  redis.call('ZREM', KEYS[2], unpack(ids))
  return #ids
end
