import { type ShardScript, shardScript } from "./shard-script.ts";

/**
 * The next sequence: the server's time in microseconds, or one more than the last where that is higher. It grows even when `meta` is lost, as long as clocks of servers differ by less than
 * what has passed since the last change of the key.
 */
export const TICK = `local function tick(now)
  local last = tonumber(redis.call('HGET', meta, 'sequence') or '0')
  return string.format('%.0f', last >= now and last + 1 or now)
end
`;

/**
 * Adds a change to the entry of a key.
 *
 * ARGV: key, kind, payload, ms until it is due, `1` to refuse a key that is not there yet, most items, most bytes, sequence that the entry must have or ``.
 *
 * With a sequence, the item replaces all items: they are merged in it.
 *
 * The first write is one that a full Redis refuses, so nothing is half done then.
 *
 * @returns sequence, ms until it is due or -1 when it is due earlier already, count of keys or -1 when that is as it was; or `full`, `long` (to be merged first) or `changed`, then -1, and the count of keys
 */
export const PUT: ShardScript = shardScript(
  "put",
  `${TICK}
local key, kind, payload, expected = ARGV[1], ARGV[2], ARGV[3], ARGV[8]
local entry = redis.call('HGET', dirty, key)
local body, count, items = '', 0, 0
if entry then
  local stop, sequence, changes, length = head(entry)
  count = changes
  if expected ~= '' then
    if sequence ~= expected then return {'changed', -1, redis.call('HLEN', dirty)} end
  elseif kind == 'p' then
    if length >= tonumber(ARGV[6]) or (length > 8 and #entry > tonumber(ARGV[7])) then
      return {'long', -1, redis.call('HLEN', dirty)}
    end
    body = string.sub(entry, stop + 1)
    items = length
  end
elseif expected ~= '' then
  return {'changed', -1, redis.call('HLEN', dirty)}
elseif ARGV[5] == '1' then
  return {'full', -1, redis.call('HLEN', dirty)}
end
local now = microseconds()
local sequence = tick(now)
local item = kind .. ' ' .. sequence .. ' ' .. #payload .. ' ' .. payload
redis.call('HSET', dirty, key, sequence .. ' ' .. (count + 1) .. ' ' .. (items + 1) .. ' ' .. body .. item)
redis.call('HSET', meta, 'sequence', sequence)
local dueIn = tonumber(ARGV[4])
if not entry then
  redis.call('ZADD', age, sequence, key)
  redis.call('ZADD', due, math.floor(now / 1000) + dueIn, key)
  return {sequence, dueIn, redis.call('HLEN', dirty)}
end
if redis.call('HEXISTS', holder, key) == 1 then
  redis.call('ZADD', later, 'NX', sequence, key)
  return {sequence, dueIn, -1}
end
return {sequence, -1, -1}`,
);
