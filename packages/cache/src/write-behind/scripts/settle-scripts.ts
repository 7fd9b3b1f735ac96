import { drainingScript, type ShardScript } from "./shard-script.ts";

/**
 * Ends the hold on a key and removes from its entry what was taken; what came since then stays and becomes due. Gives the items that were removed and their count, or nothing when another
 * holds the key by now.
 */
const SETTLE = `local function settle(key, token, sequence, count, delay)
  if redis.call('HGET', holder, key) ~= token then return nil, 0 end
  local entry = redis.call('HGET', dirty, key)
  local first = redis.call('ZSCORE', later, key)
  redis.call('HDEL', holder, key)
  redis.call('ZREM', held, key)
  redis.call('ZREM', later, key)
  redis.call('HDEL', tries, key)
  if not entry then
    redis.call('ZREM', age, key)
    return '', 0
  end
  local stop, last, total, items = head(entry)
  if last == sequence then
    redis.call('HDEL', dirty, key)
    redis.call('ZREM', age, key)
    return string.sub(entry, stop + 1), items
  end
  local at, settled, upTo = stop + 1, 0, tonumber(sequence)
  while at <= #entry do
    local _, itemStop, itemSequence, size = string.find(entry, '^%a (%d+) (%d+) ', at)
    if tonumber(itemSequence) > upTo then break end
    at = itemStop + tonumber(size) + 1
    settled = settled + 1
  end
  redis.call('HSET', dirty, key, last .. ' ' .. math.max(1, total - count) .. ' ' .. (items - settled) .. ' ' .. string.sub(entry, at))
  first = first or last
  redis.call('ZADD', age, first, key)
  redis.call('ZADD', due, math.floor(tonumber(first) / 1000) + delay, key)
  return string.sub(entry, stop + 1, at - 1), settled
end
local function addDead(key, sequence, count, body, items)
  local before = redis.call('HGET', dead, key)
  if before and string.sub(body, 1, 1) ~= 'v' then
    local stop, _, oldCount, oldItems = head(before)
    body = string.sub(before, stop + 1) .. body
    count = count + oldCount
    items = items + oldItems
  end
  redis.call('HSET', dead, key, sequence .. ' ' .. count .. ' ' .. items .. ' ' .. body)
  return items
end
`;

/**
 * What was taken is in the database.
 *
 * A dead letter of the same key is older than what was written. A value supersedes it; a patch is added to it, so that the letter still ends in what the row should be when it is
 * tried again.
 *
 * ARGV: token, ms until what came meanwhile is due, items from which a dead letter is to be merged; then key, sequence, count of changes for each.
 *
 * @returns count of dirty keys, then for each key: 1, or 0 when another has it, or 2 when its dead letter is long
 */
export const ACKNOWLEDGE: ShardScript = drainingScript(
  "acknowledge",
  `${SETTLE}
local reply = {0}
for index = 4, #ARGV, 3 do
  local key, count = ARGV[index], tonumber(ARGV[index + 2])
  local body, items = settle(key, ARGV[1], ARGV[index + 1], count, tonumber(ARGV[2]))
  local answer = body and 1 or 0
  if body and items > 0 and redis.call('HEXISTS', dead, key) == 1 then
    if string.sub(body, 1, 1) == 'v' then
      redis.call('HDEL', dead, key)
      redis.call('HDEL', why, key)
    elseif addDead(key, ARGV[index + 1], count, body, items) >= tonumber(ARGV[3]) then
      answer = 2
    end
  end
  reply[#reply + 1] = answer
end
reply[1] = redis.call('HLEN', dirty)
return reply`,
);

/**
 * What was taken is given up and kept as a dead letter.
 *
 * ARGV: token, key, sequence, count of changes, ms until what came meanwhile is due, most dead letters of the shard, failed tries, code of the error.
 *
 * @returns 1, or 0 when another has it, or -1 when there are too many dead letters and it is still held
 */
export const BURY: ShardScript = drainingScript(
  "bury",
  `${SETTLE}
local key = ARGV[2]
if redis.call('HGET', holder, key) ~= ARGV[1] then return 0 end
if redis.call('HEXISTS', dead, key) == 0 and redis.call('HLEN', dead) >= tonumber(ARGV[6]) then return -1 end
local count = tonumber(ARGV[4])
local body, items = settle(key, ARGV[1], ARGV[3], count, tonumber(ARGV[5]))
if items > 0 then
  addDead(key, ARGV[3], count, body, items)
  redis.call('HSET', why, key, math.floor(microseconds() / 1000) .. ' ' .. ARGV[7] .. ' ' .. ARGV[8])
end
return 1`,
);

/**
 * Gives keys back unwritten.
 *
 * ARGV: token, ms until they are due, `1` when it was a failed try of theirs; then the keys.
 *
 * @returns how many were still held under the token
 */
export const RELEASE: ShardScript = drainingScript(
  "release",
  `local at = math.floor(microseconds() / 1000) + tonumber(ARGV[2])
local released = 0
for index = 4, #ARGV do
  local key = ARGV[index]
  if redis.call('HGET', holder, key) == ARGV[1] then
    redis.call('HDEL', holder, key)
    redis.call('ZREM', held, key)
    redis.call('ZREM', later, key)
    redis.call('ZADD', due, at, key)
    if ARGV[3] == '1' then redis.call('HINCRBY', tries, key, 1) end
    released = released + 1
  end
end
return released`,
);

/** ARGV: token, ms of the lease; then the keys. @returns those that are no longer held under the token */
export const RENEW: ShardScript = drainingScript(
  "renew",
  `local untilMs = math.floor(microseconds() / 1000) + tonumber(ARGV[2])
local lost = {}
for index = 3, #ARGV do
  local key = ARGV[index]
  if redis.call('HGET', holder, key) == ARGV[1] then redis.call('ZADD', held, untilMs, key) else lost[#lost + 1] = key end
end
return lost`,
);

/**
 * Makes keys due that are not yet.
 *
 * ARGV: most keys. @returns the last sequence that was given out, as text; how many keys were made due
 */
export const HASTEN: ShardScript = drainingScript(
  "hasten",
  `local now = math.floor(microseconds() / 1000)
local keys = redis.call('ZRANGEBYSCORE', due, '(' .. now, '+inf', 'LIMIT', 0, ARGV[1])
for _, key in ipairs(keys) do redis.call('ZADD', due, now, key) end
return {redis.call('HGET', meta, 'sequence') or '0', #keys}`,
);
