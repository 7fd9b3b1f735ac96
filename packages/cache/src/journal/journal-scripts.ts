import { defineScript, type Script } from "@upshift/redis";

/*
 * The journal of a namespace lies in one slot:
 *
 *   clock    hash: c the clock (microseconds of the server, and never twice or backwards), s how many messages there have been, r run of the server
 *   log      stream: the last messages by their clock, for those who missed some
 *   tags     sorted set: tag -> clock of its last invalidation; '' -> since when it knows
 *   members  sorted set: process -> ms of the server when it was last heard of
 */

const NOW_US = `local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
`;

const text = (name: string): string => `string.format('%.0f', ${name})`;

/**
 * Writes a message down, raises its tags, and tells everybody.
 *
 * KEYS: clock, log, tags, members. ARGV: channel, body, µs that tags are kept, length of the log, ms after which a silent member is forgotten, tags.
 *
 * @returns clock, number of the message, ms of the server, members with their ms
 */
export const ANNOUNCE: Script = defineScript(
  "cache-announce",
  `${NOW_US}local last, count = unpack(redis.call('HMGET', KEYS[1], 'c', 's'))
local clock = math.max(now, tonumber(last or 0) + 1)
local number = tonumber(count or now) + 1
local clockText, numberText = ${text("clock")}, ${text("number")}
redis.call('HSET', KEYS[1], 'c', clockText, 's', numberText)
redis.call('ZADD', KEYS[3], 'NX', clockText, '')
for index = 6, #ARGV do redis.call('ZADD', KEYS[3], clockText, ARGV[index]) end
if #ARGV > 5 then
  local since = clock - ARGV[3]
  if redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', '(' .. ${text("since")}) > 0 then redis.call('ZADD', KEYS[3], ${text("since")}, '') end
end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[4], clockText .. '-0', 's', numberText, 'm', ARGV[2])
redis.call('PUBLISH', ARGV[1], clockText .. ' ' .. numberText .. ' ' .. ARGV[2])
local ms = math.floor(now / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', ms - ARGV[5])
return {clockText, numberText, ms, redis.call('ZRANGE', KEYS[4], 0, -1, 'WITHSCORES')}`,
);

/**
 * A member is there, and learns how far the journal has come. Where Redis has come back with an older memory, whatever it holds may have been invalidated, so all of it
 * is. That shows in what this member has seen of the journal and the journal has forgotten, or in another run of the server: unless that has begun after the last word of the
 * journal and reads all that was written (a restart with AOF; not one with a snapshot, and not a replica that was promoted).
 *
 * The count of messages then goes on from the microseconds of the server, as it began: so no two journals count alike, and who has heard the old one finds out.
 *
 * KEYS: clock, log, tags, members. ARGV: channel, member, clock that the member has seen, body that says that everything is void, length of the log, count that the member has seen.
 *
 * @returns clock, count of messages, ms of the server
 */
export const BEAT: Script = defineScript(
  "cache-beat",
  `${NOW_US}local last, count, run = unpack(redis.call('HMGET', KEYS[1], 'c', 's', 'r'))
local clock, number = tonumber(last or 0), tonumber(count or now)
local isLost = clock < tonumber(ARGV[3]) or number < tonumber(ARGV[6])
local told = redis.pcall('INFO', 'server')
local current = type(told) == 'string' and told:match('run_id:(%w+)') or run
if run and current ~= run then
  local begun = now - tonumber(told:match('uptime_in_seconds:(%d+)') or 0) * 1000000
  local persistence = redis.pcall('INFO', 'persistence')
  local hasAll = type(persistence) == 'string' and persistence:find('aof_enabled:1', 1, true)
  isLost = isLost or not hasAll or begun < clock
end
if isLost then
  clock = math.max(now, clock + 1, ARGV[3] + 1)
  number = math.max(now, number + 1, ARGV[6] + 1)
  local clockText, numberText = ${text("clock")}, ${text("number")}
  redis.call('ZADD', KEYS[3], clockText, '*')
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[5], clockText .. '-0', 's', numberText, 'm', ARGV[4])
  redis.call('PUBLISH', ARGV[1], clockText .. ' ' .. numberText .. ' ' .. ARGV[4])
end
clock = math.max(clock, now)
redis.call('HSET', KEYS[1], 'c', ${text("clock")}, 's', ${text("number")})
if current and current ~= run then redis.call('HSET', KEYS[1], 'r', current) end
redis.call('ZADD', KEYS[3], 'NX', ${text("clock")}, '')
local ms = math.floor(now / 1000)
redis.call('ZADD', KEYS[4], ms, ARGV[2])
return {${text("clock")}, ${text("number")}, ms}`,
);
