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
  local tat = {}
  if text then
    for number in string.gmatch(text, '%d+') do tat[#tat + 1] = tonumber(number) end
  end
  for p = 1, count do
    if not tat[p] or tat[p] < now then tat[p] = now end
  end
  tats[k] = tat
end
local reply, at = {}, 0
for i = 2 * count + 2, #ARGV, 2 do
  local k, cost = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
  local tat, allowed = tats[k], 1
  if cost > 0 then
    for p = 1, count do
      if tat[p] + cost * interval[p] - now > capacity[p] then allowed = 0 end
    end
  end
  if allowed == 1 and cost ~= 0 then
    for p = 1, count do
      local charged = tat[p] + cost * interval[p]
      tat[p] = charged > now and charged or now
    end
    changed[k] = true
  end
  at = at + 1
  reply[at] = allowed
  for p = 1, count do
    at = at + 1
    reply[at] = tat[p] - now
  end
end
for k in pairs(changed) do
  local tat, last, texts = tats[k], now, {}
  for p = 1, count do
    if tat[p] > last then last = tat[p] end
    texts[p] = string.format('%.0f', tat[p])
  end
  if last > now then redis.call('SET', KEYS[k], table.concat(texts, ' '), 'PX', string.format('%.0f', math.ceil((last - now) / 1000)))
  else redis.call('DEL', KEYS[k]) end
end
return reply`,
);
