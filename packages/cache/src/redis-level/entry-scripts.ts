import { defineScript, type Script } from "@upshift/redis";

/*
 * One hash per key, so that a value and the right to store one live and die together, whatever removes them: a delete, an eviction, an expiry, a failover.
 *
 *   v  the value with its head (see `stored-value.ts`)      l, u  lease: token of who loads, until when (ms of the server)
 *   r  version of the value, where it has one               w     somebody waits for that load
 *   h  nothing may be stored until then                     f     token and error of the load that failed last
 *   n  writes under way, n:<token> each of them, d  two of them overlapped, x  something else was invalidated meanwhile
 */

const NOW = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** `-1` for a lower version than the one that is there: decimal text of any length. */
const IS_OLDER = `local function isOlder(version, than)
  if version == '' or not than then return false end
  local negative, negativeThan = version:sub(1, 1) == '-', than:sub(1, 1) == '-'
  if negative ~= negativeThan then return negative end
  if #version ~= #than then return (#version < #than) ~= negative end
  if version == than then return false end
  return (version < than) ~= negative
end
`;

/** How long a hash without a value stays, beyond the lease: for those who wait to learn how a load ended. */
const LINGER_MS = 2_000;

/** No value may be stored by who has not asked, so no token of a lease is this. */
export const COOLING = "!";

/**
 * Asks for the right to load and store.
 *
 * KEYS: entry. ARGV: token, ms of the lease, head of the value that the caller has seen, 1 if the caller has a stale value to give out, token of the load that the caller has waited for, 1 unless the lease of another is to be taken over.
 *
 * @returns `value` with another value than the one seen; `failed` with how the load ended that the caller has waited for; `closed` with the ms for which nothing may be stored; `wait` with the ms that
 * the lease of another has left, and its token; or `lease`
 */
export const LEASE: Script = defineScript(
  "cache-lease",
  `${NOW}local v, l, u, n, h, f = unpack(redis.call('HMGET', KEYS[1], 'v', 'l', 'u', 'n', 'h', 'f'))
if v and v:sub(1, #ARGV[3] + 1) ~= ARGV[3] .. '\\n' then return {'value', v} end
if f and ARGV[5] ~= '' and f:sub(1, #ARGV[5] + 1) == ARGV[5] .. '|' then return {'failed', f:sub(#ARGV[5] + 2)} end
if h and tonumber(h) > now then return {'closed', tonumber(h) - now} end
if n then return {'closed', math.max(1, redis.call('PTTL', KEYS[1]))} end
if l and ARGV[6] == '1' and tonumber(u) > now and not (l == '${COOLING}' and ARGV[4] ~= '1') then
  redis.call('HSET', KEYS[1], 'w', '1')
  return {'wait', tonumber(u) - now, l}
end
redis.call('HDEL', KEYS[1], 'w', 'h')
redis.call('HSET', KEYS[1], 'l', ARGV[1], 'u', now + ARGV[2])
if redis.call('PTTL', KEYS[1]) < ARGV[2] + ${LINGER_MS} then redis.call('PEXPIRE', KEYS[1], ARGV[2] + ${LINGER_MS}) end
return {'lease'}`,
);

/** KEYS: entry. ARGV: token, ms. @returns 1 while the lease stands */
export const RENEW: Script = defineScript(
  "cache-renew",
  `${NOW}local l, u = unpack(redis.call('HMGET', KEYS[1], 'l', 'u'))
if l ~= ARGV[1] or tonumber(u) <= now then return 0 end
redis.call('HSET', KEYS[1], 'u', now + ARGV[2])
if redis.call('PTTL', KEYS[1]) < ARGV[2] + ${LINGER_MS} then redis.call('PEXPIRE', KEYS[1], ARGV[2] + ${LINGER_MS}) end
return 1`,
);

/**
 * Stores what was loaded, while the lease stands. One that has run out does not, though nobody else has taken it: its holder was stopped or cut off, and what it has may be as old as that.
 *
 * KEYS: entry. ARGV: token, value, ms to live, channel of those who wait, version or nothing.
 *
 * @returns 1; 0 when the lease is gone; -1 when a newer version is there
 */
export const FILL: Script = defineScript(
  "cache-fill",
  `${NOW}${IS_OLDER}local l, u, w, r = unpack(redis.call('HMGET', KEYS[1], 'l', 'u', 'w', 'r'))
if l ~= ARGV[1] then return 0 end
if tonumber(u) <= now then
  redis.call('HDEL', KEYS[1], 'l', 'u')
  return 0
end
local result = 1
if isOlder(ARGV[5], r) then
  redis.call('HDEL', KEYS[1], 'l', 'u', 'w', 'f')
  result = -1
else
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'v', ARGV[2])
  if ARGV[5] ~= '' then redis.call('HSET', KEYS[1], 'r', ARGV[5]) end
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
if w then redis.call('PUBLISH', ARGV[4], KEYS[1]) end
return result`,
);

/**
 * Gives the lease back without a value.
 *
 * KEYS: entry. ARGV: token, channel of those who wait, failure or nothing, ms for which the stale value is to do.
 */
export const RELEASE: Script = defineScript(
  "cache-release",
  `${NOW}local l, v, w = unpack(redis.call('HMGET', KEYS[1], 'l', 'v', 'w'))
if l ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'l', 'u', 'w', 'f')
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'f', ARGV[1] .. '|' .. ARGV[3]) end
if v then
  if tonumber(ARGV[4]) > 0 then redis.call('HSET', KEYS[1], 'l', '${COOLING}', 'u', now + ARGV[4]) end
elseif ARGV[3] ~= '' then
  redis.call('PEXPIRE', KEYS[1], ${LINGER_MS})
end
if w then redis.call('PUBLISH', ARGV[2], KEYS[1]) end
return 1`,
);

/** Nobody waits for it any more, so nothing was done. */
export const CAME_TOO_LATE = -2;

/**
 * Stores a value that the application says is the right one; loads under way can store nothing any more. One that arrives when its caller has given it up does nothing: what was
 * invalidated since is newer.
 *
 * KEYS: entry. ARGV: value, ms to live, channel of those who wait, version or nothing, when the caller gives it up (ms of the server) or nothing.
 *
 * @returns 1; -1 when a newer version is there; 0 when nothing may be stored now: then nothing is there; {@link CAME_TOO_LATE}
 */
export const PUT: Script = defineScript(
  "cache-put",
  `${NOW}if ARGV[5] ~= '' and now > tonumber(ARGV[5]) then return ${CAME_TOO_LATE} end
${IS_OLDER}local w, r, n, h = unpack(redis.call('HMGET', KEYS[1], 'w', 'r', 'n', 'h'))
local result = 1
redis.call('HDEL', KEYS[1], 'l', 'u', 'w', 'f')
if isOlder(ARGV[4], r) then
  result = -1
elseif n then
  redis.call('HSET', KEYS[1], 'x', '1')
  redis.call('HDEL', KEYS[1], 'v', 'r')
  result = 0
elseif h and tonumber(h) > now then
  redis.call('HDEL', KEYS[1], 'v', 'r')
  result = 0
else
  redis.call('HSET', KEYS[1], 'v', ARGV[1])
  if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'r', ARGV[4]) else redis.call('HDEL', KEYS[1], 'r') end
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
if w then redis.call('PUBLISH', ARGV[3], KEYS[1]) end
return result`,
);

/** KEYS: entry. ARGV: channel of those who wait, ms for which nothing may be stored. @returns 1 if there was anything */
export const REMOVE: Script = defineScript(
  "cache-remove",
  `${NOW}local w, h, n = unpack(redis.call('HMGET', KEYS[1], 'w', 'h', 'n'))
local left = redis.call('PTTL', KEYS[1])
local there = 1
if n then
  redis.call('HDEL', KEYS[1], 'v', 'r', 'l', 'u', 'w', 'f', 'h')
  redis.call('HSET', KEYS[1], 'x', '1')
else
  left = 0
  there = redis.call('DEL', KEYS[1])
end
local closed = math.max(tonumber(h or 0) - now, tonumber(ARGV[2]))
if closed > 0 then redis.call('HSET', KEYS[1], 'h', now + closed) end
if closed > 0 or n then redis.call('PEXPIRE', KEYS[1], math.max(closed, left)) end
if w then redis.call('PUBLISH', ARGV[1], KEYS[1]) end
return there`,
);

/** Keeps the value for when a load fails. KEYS: entry. ARGV: channel of those who wait. */
export const EXPIRE: Script = defineScript(
  "cache-expire",
  `local v, w, n = unpack(redis.call('HMGET', KEYS[1], 'v', 'w', 'n'))
redis.call('HDEL', KEYS[1], 'l', 'u', 'w', 'f')
if n then redis.call('HSET', KEYS[1], 'x', '1') end
if v then redis.call('HSET', KEYS[1], 'v', '0000000000000' .. v:sub(14)) end
if w then redis.call('PUBLISH', ARGV[1], KEYS[1]) end
return v and 1 or 0`,
);

/** A value that slides was read. KEYS: entry. ARGV: ms of the slide. @returns 1 if it is there */
export const TOUCH: Script = defineScript(
  "cache-touch",
  `${NOW}local v = redis.call('HGET', KEYS[1], 'v')
if not v then return 0 end
local hard = tonumber(v:match('^%d+|(%d+)|'))
local soft = math.min(hard, now + ARGV[1])
if tonumber(v:sub(1, 13)) > 0 then
  redis.call('HSET', KEYS[1], 'v', string.format('%013.0f', soft) .. v:sub(14))
end
return 1`,
);

/**
 * A write to the database begins: until it ends, loads can store nothing, and the value that is there is kept no longer than the write may take, in case that this process does not live to end it.
 *
 * KEYS: entry. ARGV: ms that the write may take, token of the write.
 */
export const BEGIN_WRITE: Script = defineScript(
  "cache-begin-write",
  `if redis.call('HINCRBY', KEYS[1], 'n', 1) > 1 then redis.call('HSET', KEYS[1], 'd', '1') end
redis.call('HSET', KEYS[1], 'n:' .. ARGV[2], '1')
redis.call('HDEL', KEYS[1], 'l', 'u', 'f')
local left = redis.call('PTTL', KEYS[1])
if left < 0 or left > tonumber(ARGV[1]) or not redis.call('HGET', KEYS[1], 'v') then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return 1`,
);

/**
 * The write has ended. What it wrote is stored if it was alone from beginning to end; of two that overlapped only a version tells which the database took last, and of one that was
 * overtaken by an invalidation, or whose mark is gone, nothing does.
 *
 * KEYS: entry. ARGV: channel of those who wait, value or nothing, ms to live, version or nothing, token of the write.
 *
 * @returns 1 when it is stored, 0 when nothing is, -1 when a newer version is
 */
export const END_WRITE: Script = defineScript(
  "cache-end-write",
  `${NOW}${IS_OLDER}local isMine = redis.call('HDEL', KEYS[1], 'n:' .. ARGV[5]) == 1
local n, d, x, w, r, h = unpack(redis.call('HMGET', KEYS[1], 'n', 'd', 'x', 'w', 'r', 'h'))
local others = tonumber(n or 0) - (isMine and 1 or 0)
local isAlone = isMine and others == 0 and not d
local mayStore = ARGV[2] ~= '' and isMine and not x and not (h and tonumber(h) > now)
local result = 0
redis.call('HDEL', KEYS[1], 'l', 'u', 'w', 'f')
if isMine then
  if others > 0 then redis.call('HSET', KEYS[1], 'n', others, 'd', '1') else redis.call('HDEL', KEYS[1], 'n', 'd', 'x') end
end
if ARGV[2] ~= '' and isOlder(ARGV[4], r) then
  result = -1
elseif mayStore and (isAlone or ARGV[4] ~= '') then
  redis.call('HSET', KEYS[1], 'v', ARGV[2])
  if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'r', ARGV[4]) else redis.call('HDEL', KEYS[1], 'r') end
  redis.call('PEXPIRE', KEYS[1], math.max(ARGV[3], others > 0 and redis.call('PTTL', KEYS[1]) or 0))
  result = 1
else
  redis.call('HDEL', KEYS[1], 'v', 'r')
end
if w then redis.call('PUBLISH', ARGV[1], KEYS[1]) end
return result`,
);
