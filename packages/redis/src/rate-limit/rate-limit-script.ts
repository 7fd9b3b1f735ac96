import { defineScript, type Script } from "../script.ts";

/**
 * When a key expires: at its latest theoretical arrival time, rounded up to this. So from the value alone follows when it does, and writing a new time within a step
 * leaves the expiry alone; setting that is half the work of the whole script.
 */
const STEP_US = 4_000_000;

/**
 * Charges many keys in one call: `gcra.ts` by the server's clock.
 *
 * KEYS: each once. ARGV: how many policies, unless it is one; interval and capacity of each in microseconds; then, unless one is to be taken from every key in turn, per
 * request the 1-based position of its key and the cost. A key holds one theoretical arrival time (TAT) per policy.
 *
 * @returns a script that answers per request how far ahead each policy's TAT lies, the first as -1 minus that where the request was refused
 */
export function chargeScript(policyCount: number): Script {
  return policyCount === 1 ? CHARGE_ONE : CHARGE_ALL;
}

// Nobody's TAT lies further ahead than the capacity, unless the clock was set back or the policy was larger: then it would refuse for as much longer.

/** Of a single policy, whose value is a number to Redis too. */
const CHARGE_ONE: Script = defineScript(
  "rate-limit-charge-one",
  `local call, ceil, STEP = redis.call, math.ceil, ${STEP_US}
local time = call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, capacity = tonumber(ARGV[1]), tonumber(ARGV[2])
local most = now + capacity
local isEach = #ARGV == 2
local values, olds, tats, reply = call('MGET', unpack(KEYS)), {}, {}, {}
for k = 1, #KEYS do
  local old = tonumber(values[k] or 0) or 0
  olds[k] = old
  tats[k] = old < now and now or old > most and most or old
end
for i = 1, isEach and #KEYS or (#ARGV - 2) / 2 do
  local k, cost = i, 1
  if not isEach then k, cost = tonumber(ARGV[2 * i + 1]), tonumber(ARGV[2 * i + 2]) end
  local tat = tats[k]
  local charged = tat + cost * interval
  if cost > 0 and charged - now > capacity then reply[i] = now - tat - 1
  else
    if cost ~= 0 then
      if charged < now then charged = now end
      tats[k] = charged
    end
    reply[i] = tats[k] - now
  end
end
for k = 1, #KEYS do
  local old, tat = olds[k], tats[k]
  if tat > now then
    local step = ceil(tat / STEP)
    if step ~= ceil(old / STEP) then call('SET', KEYS[k], tat, 'PXAT', step * (STEP / 1000))
    elseif tat ~= old then call('INCRBY', KEYS[k], tat - old) end
  elseif values[k] then call('DEL', KEYS[k]) end
end
return reply`,
);

/**
 * Of several policies: all of them are charged, or none. A value holds 16 digits and a space for each, which are enough until the year 2286. `%d` takes a third of the
 * time of `%.0f`, and ends at 32 bits where Redis was built for them.
 */
const CHARGE_ALL: Script = defineScript(
  "rate-limit-charge-all",
  `local call, ceil, sub, format, STEP = redis.call, math.ceil, string.sub, string.format, ${STEP_US}
local time = call('TIME')
local now = time[1] * 1000000 + time[2]
local count = tonumber(ARGV[1])
local interval, capacity = {}, {}
for p = 1, count do
  interval[p], capacity[p] = tonumber(ARGV[2 * p]), tonumber(ARGV[2 * p + 1])
end
local first = 2 * count + 1
local isEach = #ARGV == first
local isWide = format('%d', 1000000000000000) == '1000000000000000'
local form = string.rep(isWide and '%d ' or '%.0f ', count)
local values, olds, tats, isChanged, reply = call('MGET', unpack(KEYS)), {}, {}, {}, {}
for k = 1, #KEYS do
  local text, base, old = values[k] or '', (k - 1) * count, 0
  for p = 1, count do
    local tat = tonumber(sub(text, 17 * p - 16, 17 * p)) or 0
    if tat > old then old = tat end
    if tat > now + capacity[p] then
      tat = now + capacity[p]
      isChanged[k] = true
    end
    tats[base + p] = tat > now and tat or now
  end
  olds[k] = old
end
for i = 1, isEach and #KEYS or (#ARGV - first) / 2 do
  local k, cost = i, 1
  if not isEach then k, cost = tonumber(ARGV[first + 2 * i - 1]), tonumber(ARGV[first + 2 * i]) end
  local base, at, isAllowed = (k - 1) * count, (i - 1) * count, true
  if cost > 0 then
    for p = 1, count do
      if tats[base + p] + cost * interval[p] - now > capacity[p] then isAllowed = false end
    end
  end
  if isAllowed and cost ~= 0 then
    isChanged[k] = true
    for p = 1, count do
      local tat = tats[base + p] + cost * interval[p]
      tats[base + p] = tat > now and tat or now
    end
  end
  for p = 1, count do reply[at + p] = tats[base + p] - now end
  if not isAllowed then reply[at + 1] = -1 - reply[at + 1] end
end
for k = 1, #KEYS do
  if isChanged[k] then
    local base, last = (k - 1) * count, now
    for p = base + 1, base + count do
      if tats[p] > last then last = tats[p] end
    end
    local step = ceil(last / STEP)
    if last == now then call('DEL', KEYS[k])
    else
      local text = format(form, unpack(tats, base + 1, base + count))
      if step == ceil(olds[k] / STEP) then call('SET', KEYS[k], text, 'KEEPTTL')
      else call('SET', KEYS[k], text, 'PXAT', step * (STEP / 1000)) end
    end
  end
end
return reply`,
);
