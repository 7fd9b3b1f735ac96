import { TICK } from "./put-script.ts";
import { drainingScript, type ShardScript } from "./shard-script.ts";

/**
 * Puts a dead letter before what waits for its key, with a new sequence, so that a guard on sequences lets it through: it ends in what was written after it. One that a waiting
 * value supersedes is removed.
 *
 * ARGV: key. @returns `revived`, `superseded`, `held` while a drainer has the key, or `gone`
 */
export const REVIVE: ShardScript = drainingScript(
  "revive",
  `${TICK}
local key = ARGV[1]
local letter = redis.call('HGET', dead, key)
if not letter then return 'gone' end
if redis.call('HEXISTS', holder, key) == 1 then return 'held' end
local stop, _, count, items = head(letter)
local body = string.sub(letter, stop + 1)
local entry = redis.call('HGET', dirty, key)
if entry then
  local entryStop, _, entryCount, entryItems = head(entry)
  local rest = string.sub(entry, entryStop + 1)
  if string.sub(rest, 1, 1) == 'v' then
    redis.call('HDEL', dead, key)
    redis.call('HDEL', why, key)
    return 'superseded'
  end
  body = body .. rest
  count = count + entryCount
  items = items + entryItems
end
local now = microseconds()
local sequence = tick(now)
redis.call('HSET', dirty, key, sequence .. ' ' .. count .. ' ' .. items .. ' ' .. body)
redis.call('HSET', meta, 'sequence', sequence)
redis.call('ZADD', age, 'NX', sequence, key)
redis.call('ZADD', due, math.floor(now / 1000), key)
redis.call('HDEL', tries, key)
redis.call('HDEL', dead, key)
redis.call('HDEL', why, key)
return 'revived'`,
);

/** Replaces the items of a dead letter by what they merge to. ARGV: key, sequence that it must have, kind, payload. @returns 1 when it had it */
export const FOLD_DEAD: ShardScript = drainingScript(
  "fold-dead",
  `local letter = redis.call('HGET', dead, ARGV[1])
if not letter then return 0 end
local _, sequence, count = head(letter)
if sequence ~= ARGV[2] then return 0 end
redis.call('HSET', dead, ARGV[1], sequence .. ' ' .. count .. ' 1 ' .. ARGV[3] .. ' ' .. sequence .. ' ' .. #ARGV[4] .. ' ' .. ARGV[4])
return 1`,
);
