import { defineScript, type Script } from "../script.ts";

/**
 * Charges many keys in one call: `gcra.ts` by the server's clock.
 *
 * KEYS: one per key. ARGV: how many policies; interval and capacity of each in microseconds; then per request the 1-based position of its key and the cost.
 * A key holds one theoretical arrival time per policy and expires when all are past.
 *
 * @returns per request 1 or 0, then how far ahead each policy's theoretical arrival time lies
 */
export const CHARGE: Script = defineScript(
  "rate-limit-charge",
  `local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local count = tonumber(ARGV[1])
local interval, capacity = {}, {}
for p = 1, count do
  interval[p], capacity[p] = tonumber(ARGV[2 * p]), tonumber(ARGV[2 * p + 1])
end
local tats, changed = {}, {}
for k, text in ipairs(redis.call('MGET', unpack(KEYS))) do
  local base = (k - 1) * count
  if count == 1 then tats[k] = text and tonumber(text) or now
  elseif text then
    local p = base
    for number in string.gmatch(text, '%d+') do
      p = p + 1
      if p <= base + count then tats[p] = tonumber(number) end
    end
  end
  for p = base + 1, base + count do
    local tat = tats[p]
    if not tat or tat < now then tats[p] = now end
  end
end
local reply, at = {}, 0
for i = 2 * count + 2, #ARGV, 2 do
  local k, cost = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
  local base, allowed = (k - 1) * count, 1
  if cost > 0 then
    for p = 1, count do
      if tats[base + p] + cost * interval[p] - now > capacity[p] then allowed = 0 end
    end
  end
  at = at + 1
  reply[at] = allowed
  local isCharged = allowed == 1 and cost ~= 0
  if isCharged then changed[k] = true end
  for p = 1, count do
    local tat = tats[base + p]
    if isCharged then
      tat = tat + cost * interval[p]
      if tat < now then tat = now end
      tats[base + p] = tat
    end
    at = at + 1
    reply[at] = tat - now
  end
end
for k in pairs(changed) do
  local base = (k - 1) * count
  local last = tats[base + 1]
  local text = last
  if count > 1 then
    text = string.format('%.0f', last)
    for p = base + 2, base + count do
      if tats[p] > last then last = tats[p] end
      text = text .. ' ' .. string.format('%.0f', tats[p])
    end
  end
  if last > now then redis.call('SET', KEYS[k], text, 'PX', math.ceil((last - now) / 1000))
  else redis.call('DEL', KEYS[k]) end
end
return reply`,
);
