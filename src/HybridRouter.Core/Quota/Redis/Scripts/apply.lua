-- What one process tells the store, in its order, each batch once: the number of a batch that is sent again tells that it
-- was applied before. What a settlement replaces is decided by the lease's record here, not by what the process believes.
-- KEYS  leases, expiry, the process's last number, then the meters
-- ARGV  time or '', lease time, number, number of meters and for each: most, rate; then operations:
--         S id granted n {meter reserved used}   settle
--         C meter remaining taken granted raise  correct; 'taken' right after the grant, granted in milliseconds
--         X meter microseconds                   close a gate
--         O meter                                open a gate
--         A id                                   a reservation whose answer never came: give back what it got
--         R n {id}                               renew
--         H id granted n {meter amount}          hold again what the store has lost or released, unless it is held
-- Reply a list: 'done' or 'again', time, then the ids of R that the store does not hold
local FORGET_PROCESS = 604800  -- a week, seconds; no process tries longer to send one batch
local now = time()
local last = redis.call('GET', KEYS[3])
if last and num(ARGV[3]) <= num(last) then return { 'again', format('%.0f', now) } end
redis.call('SET', KEYS[3], ARGV[3], 'EX', format('%.0f', FORGET_PROCESS))

local expires = format('%.0f', now + num(ARGV[2]))
local result = { 'done', format('%.0f', now) }
local count = tonumber(ARGV[4])
local at = 5
local meters, list = {}, {}
if count > 0 then
  local texts = redis.call('MGET', unpack(KEYS, 4))
  for i = 1, count do
    local key = KEYS[i + 3]
    list[i] = open(key, texts[i], now, num(ARGV[at + 1]), num(ARGV[at]))
    list[i].known = texts[i] and true or false
    meters[key] = list[i]
    at = at + 2
  end
end

local function next_arg()
  at = at + 1
  return ARGV[at - 1]
end

local function forget(id)
  local held = redis.call('HDEL', KEYS[1], id) == 1
  if held then redis.call('ZREM', KEYS[2], id) end
  return held
end

local function settle()
  local held = forget(next_arg())
  local granted = num(next_arg()) * 1000
  for _ = 1, tonumber(next_arg()) do
    local m, reserved, used = list[tonumber(next_arg())], num(next_arg()), max(0, num(next_arg()))
    local change = used
    if m.kind == 'c' then change = 0 end
    if held then change = change - reserved end
    -- What was reserved in a window that is over went with it.
    if change ~= 0 and m.kind ~= 'g' and (m.kind == 'b' or m.kind == 'c' or granted >= m.stamp) then
      give_back(m, change)
      m.changed = true
    end
  end
end

-- The upstream counted somewhere between the sending of the request and now: what was taken since is still to be debited,
-- and at most the refill of that time is still to be credited.
local function correct()
  local m = list[tonumber(next_arg())]
  local remaining, taken, granted, raise = num(next_arg()), num(next_arg()), num(next_arg()) * 1000, next_arg() == '1'
  -- A count that began after the lease does not know what was taken since.
  if m.kind ~= 'b' or not m.known or granted < m.begun then return end
  local most = m.most - (remaining - (m.taken - taken))
  local least = most - max(0, now - granted) * m.rate
  if m.used < least then
    m.used = max(0, least)
  elseif raise and m.used > most then
    m.used = max(0, most)
  end
  m.changed = true
end

local function renew()
  local n = tonumber(next_arg())
  local ids, scores = {}, {}
  for i = 1, n do ids[i] = next_arg() end
  if n == 0 then return end
  local known = redis.call('ZMSCORE', KEYS[2], unpack(ids))
  for i = 1, n do
    if known[i] then
      scores[#scores + 1], scores[#scores + 2] = expires, ids[i]
    else
      result[#result + 1] = ids[i]
    end
  end
  if #scores > 0 then redis.call('ZADD', KEYS[2], unpack(scores)) end
end

local function hold()
  local id = next_arg()
  local record = { next_arg() }
  local held = redis.call('HEXISTS', KEYS[1], id) == 1
  local granted = num(record[1]) * 1000
  for _ = 1, tonumber(next_arg()) do
    local m, amount = list[tonumber(next_arg())], num(next_arg())
    if amount > 0 and (m.kind == 'b' or m.kind == 'c' or granted >= m.stamp) and not held then
      take(m, amount)
      m.changed = true
      record[#record + 1] = string.sub(m.key, KIND) .. ' ' .. format('%.0f', amount)
    end
  end
  if not held then redis.call('HSET', KEYS[1], id, table.concat(record, ' ')) end
  redis.call('ZADD', KEYS[2], expires, id)
end

while ARGV[at] do
  local what = next_arg()
  if what == 'S' then
    settle()
  elseif what == 'C' then
    correct()
  elseif what == 'R' then
    renew()
  elseif what == 'H' then
    hold()
  elseif what == 'A' then
    local id = next_arg()
    local record = redis.call('HGET', KEYS[1], id)
    if record then
      forget(id)
      release(record, meters, now)
    end
  elseif what == 'X' then
    local m = list[tonumber(next_arg())]
    m.used, m.changed = max(m.used, now + num(next_arg())), true
  else
    local m = list[tonumber(next_arg())]
    m.used, m.changed = 0, true
  end
end

for _, m in pairs(meters) do
  if m and m.changed then save(m, now) end
end
return result
