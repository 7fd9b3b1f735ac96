import { defineScript, type Script } from "../script.ts";

/**
 * A board is three keys of one slot: a sorted set of members with pure scores, a hash from id to the ordinal in front of its member, and the counter that ordinals come from.
 *
 * A member is a 16-digit ordinal and the id. Redis orders equal scores by member, so the ordinal, taken anew whenever a score changes, makes the one who reached it first come
 * first: it counts up where low scores lead, and down where high ones do, because those are read in reverse. Putting the time into the score instead would spend its 53 bits.
 */
const MEMBER = `
local LARGEST = 9007199254740991
local function ordinal(counter, descending)
  local n = redis.call('INCR', counter)
  return string.format('%016.0f', descending and (LARGEST - n) or n)
end
`;

/**
 * KEYS: set, hash and counter of each window. ARGV: mode (`set`, `add`, `best`), `1` where high scores lead, largest size or 0, milliseconds until each window expires or 0, then
 * pairs of id and integer; no id twice.
 *
 * @returns the score of each id in the first window, as text; nothing is changed when one would leave the safe integers, and `OVERFLOW id-position` is the error
 */
export const UPDATE_BOARDS: Script = defineScript(
  "leaderboard-update",
  `${MEMBER}
local mode, descending, largest_size = ARGV[1], ARGV[2] == '1', tonumber(ARGV[3])
local windows = #KEYS / 3
local first = 4 + windows
local changes, scores = {}, {}
for w = 1, windows do
  local set, hash = KEYS[3 * w - 2], KEYS[3 * w - 1]
  for i = first, #ARGV, 2 do
    local id, value = ARGV[i], tonumber(ARGV[i + 1])
    local known = redis.call('HGET', hash, id)
    local old = known and tonumber(redis.call('ZSCORE', set, known .. id))
    local new = value
    if mode == 'add' then new = (old or 0) + value end
    if mode == 'best' and old and ((descending and old > value) or (not descending and old < value)) then new = old end
    if new > LARGEST or new < -LARGEST then return redis.error_reply('OVERFLOW ' .. ((i - first) / 2)) end
    if w == 1 then scores[#scores + 1] = string.format('%.0f', new) end
    if old ~= new then changes[#changes + 1] = { w, id, known, new } end
  end
end
for _, change in ipairs(changes) do
  local w, id, known, new = change[1], change[2], change[3], change[4]
  local set, hash, counter = KEYS[3 * w - 2], KEYS[3 * w - 1], KEYS[3 * w]
  if known then redis.call('ZREM', set, known .. id) end
  local fresh = ordinal(counter, descending)
  redis.call('ZADD', set, string.format('%.0f', new), fresh .. id)
  redis.call('HSET', hash, id, fresh)
end
for w = 1, windows do
  local set, hash, counter = KEYS[3 * w - 2], KEYS[3 * w - 1], KEYS[3 * w]
  local extra = largest_size > 0 and redis.call('ZCARD', set) - largest_size or 0
  if extra > 0 then
    local worst = descending and redis.call('ZRANGE', set, 0, extra - 1) or redis.call('ZRANGE', set, -extra, -1)
    for _, member in ipairs(worst) do
      redis.call('ZREM', set, member)
      redis.call('HDEL', hash, string.sub(member, 17))
    end
  end
  local ttl = tonumber(ARGV[3 + w])
  if ttl > 0 then
    for k = 3 * w - 2, 3 * w do redis.call('PEXPIRE', KEYS[k], ttl) end
  end
end
return scores`,
);

/** KEYS: set and hash of each window. ARGV: ids. @returns how many there were in the first window */
export const REMOVE_FROM_BOARDS: Script = defineScript(
  "leaderboard-remove",
  `local removed = 0
for w = 1, #KEYS / 2 do
  for _, id in ipairs(ARGV) do
    local known = redis.call('HGET', KEYS[2 * w], id)
    if known then
      redis.call('ZREM', KEYS[2 * w - 1], known .. id)
      redis.call('HDEL', KEYS[2 * w], id)
      if w == 1 then removed = removed + 1 end
    end
  end
end
return removed`,
);

/** What both readers end with: from position `start` to `stop`, and how many are better than the first of them. */
const READ = `
local function read(set, descending, start, stop)
  local found = descending and redis.call('ZREVRANGE', set, start, stop, 'WITHSCORES') or redis.call('ZRANGE', set, start, stop, 'WITHSCORES')
  local better = 0
  if #found > 0 then
    better = descending and redis.call('ZCOUNT', set, '(' .. found[2], '+inf') or redis.call('ZCOUNT', set, '-inf', '(' .. found[2])
  end
  return { start, better, found }
end
`;

/** KEYS: set. ARGV: `1` where high scores lead, first and last position. */
export const READ_BOARD: Script = defineScript(
  "leaderboard-read",
  `${READ}
return read(KEYS[1], ARGV[1] == '1', tonumber(ARGV[2]), tonumber(ARGV[3]))`,
);

/** KEYS: set, hash. ARGV: `1` where high scores lead, id, how many before and after it. @returns nothing when the id is not there */
export const READ_AROUND: Script = defineScript(
  "leaderboard-around",
  `${READ}
local descending = ARGV[1] == '1'
local known = redis.call('HGET', KEYS[2], ARGV[2])
if not known then return false end
local member = known .. ARGV[2]
local at = descending and redis.call('ZREVRANK', KEYS[1], member) or redis.call('ZRANK', KEYS[1], member)
if not at then return false end
return read(KEYS[1], descending, math.max(0, at - tonumber(ARGV[3])), at + tonumber(ARGV[4]))`,
);
