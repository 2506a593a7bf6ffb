-- What one process tells the store, in its order, each batch once: the number of a batch that is sent again tells that it
-- was applied before. What a settlement replaces is decided by the lease's record here, not by what the process believes.
-- KEYS  leases, expiry, the process's last number, then the meters
-- ARGV  time or '', lease time, numbers: that of the batch, then operations, each with its code; texts as named in them:
--         1 id granted n {meter reserved used}   settle
--         2 meter remaining taken granted raise  correct; 'taken' right after the grant, granted in milliseconds
--         3 meter microseconds                   close a gate
--         4 meter                                open a gate
--         5 id                                   a reservation whose answer never came: give back what it got
--         6 n {id}                               renew
--         7 id record granted n {meter amount}   hold again what the store has lost or released, unless it is held; record: what
--                                                a lease remembers
-- Reply a list: 'done' or 'again', time, then the ids of 6 that the store does not hold
local FORGET_PROCESS = '604800'  -- a week, seconds; what is cut off for longer may have its last batch applied twice
local now = time()
read_numbers()
local batch = next_number()
local last = call('GET', KEYS[3])
if last and batch <= num(last) then return { 'again', format('%.0f', now) } end
call('SET', KEYS[3], format('%.0f', batch), 'EX', FORGET_PROCESS)

local expires = format('%.0f', now + ARGV[2])
local result = { 'done', format('%.0f', now) }
local states = open_all(3, now, false)
local known = {}
for i = 1, meters do known[key[i]] = i end

local function forget(id)
  local held = call('HDEL', KEYS[1], id) == 1
  if held then call('ZREM', KEYS[2], id) end
  return held
end

local function settle()
  local held, granted = forget(next_text()), next_number() * 1000
  for _ = 1, next_number() do
    local i, reserved, by = next_number(), next_number(), max(0, next_number())
    if kind[i] == 'c' then by = 0 end
    if held then by = by - reserved end
    if by ~= 0 and counts(i, granted) then change(i, by) end
  end
end

-- The upstream counted somewhere between the sending of the request and now: what was taken since is still to be debited,
-- and at most the refill of that time is still to be credited.
local function correct()
  local i = next_number()
  local remaining, taken_then, granted, raise = next_number(), next_number(), next_number() * 1000, next_number() == 1
  -- A count that began after the lease does not know what was taken since.
  if kind[i] ~= 'b' or not states[i] or granted < begun[i] then return end
  local since = taken[i] - taken_then
  -- What was taken since may be in the upstream's count already: raising keeps it debited, lowering does not debit it again.
  local upper = most[i] - (remaining - since)
  local lower = most[i] - (remaining - math.min(since, 0)) - max(0, now - granted) * rate[i]
  if used[i] < lower then
    used[i], changed[i] = max(0, lower), true
  elseif raise and used[i] > upper then
    used[i], changed[i] = max(0, upper), true
  end
end

local function move_gate(closes)
  local i = next_number()
  used[i], changed[i] = closes and max(used[i], now + next_number()) or 0, true
end

local function close() move_gate(true) end

local function reopen() move_gate(false) end

local function abandon()
  local id = next_text()
  local record = call('HGET', KEYS[1], id)
  if not record then return end
  forget(id)
  release(record, known, now)
end

local function renew()
  local n = next_number()
  local ids, scores = {}, {}
  for i = 1, n do ids[i] = next_text() end
  if n == 0 then return end
  local held = call('ZMSCORE', KEYS[2], unpack(ids))
  for i = 1, n do
    if held[i] then
      scores[#scores + 1], scores[#scores + 2] = expires, ids[i]
    else
      result[#result + 1] = ids[i]
    end
  end
  if #scores > 0 then call('ZADD', KEYS[2], unpack(scores)) end
end

local function hold()
  local id, record, granted = next_text(), next_text(), next_number()
  local held = call('HEXISTS', KEYS[1], id) == 1
  for _ = 1, next_number() do
    local i, amount = next_number(), next_number()
    if amount > 0 and not held and counts(i, granted * 1000) then change(i, amount) end
  end
  if not held then call('HSET', KEYS[1], id, format('%.0f', granted) .. record) end
  call('ZADD', KEYS[2], expires, id)
end

local operations = { settle, correct, close, reopen, abandon, renew, hold }
while numbers[number] do operations[next_number()]() end

save(now)
return result
