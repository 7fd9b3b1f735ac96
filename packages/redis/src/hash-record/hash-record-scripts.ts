import { defineScript, type Script } from "../script.ts";

/** KEYS: hash. ARGV: ms to live, or 0 for ever; then fields and values. Nothing of an older record stays. */
export const REPLACE_RECORD: Script = defineScript(
  "hash-record-replace",
  `redis.call('DEL', KEYS[1])
for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
if tonumber(ARGV[1]) > 0 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return 1`,
);

/** KEYS: hash. ARGV: fields. @returns their texts, nothing when the record is not there */
export const READ_FIELDS: Script = defineScript(
  "hash-record-read",
  `if redis.call('EXISTS', KEYS[1]) == 0 then return false end
return redis.call('HMGET', KEYS[1], unpack(ARGV))`,
);

/**
 * KEYS: hash. ARGV: ms to live from now on, or 0 to leave that alone; how many fields are expected and how many are set; then expected fields, each with `=` and its text, `#` and a number however it is written, or `-` and
 * nothing for a missing one; then fields with `=` and their text or `-` and nothing to remove them.
 *
 * @returns 1 done, 0 the record is not there, -1 something else is there than expected
 */
export const PATCH_RECORD: Script = defineScript(
  "hash-record-patch",
  `local key, ttl, expected, count = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if redis.call('EXISTS', key) == 0 then return 0 end
local at = 4
for _ = 1, expected do
  local found = redis.call('HGET', key, ARGV[at])
  if ARGV[at + 1] == '-' then
    if found then return -1 end
  elseif not found then return -1
  elseif found ~= ARGV[at + 2] and not (ARGV[at + 1] == '#' and tonumber(found) == tonumber(ARGV[at + 2])) then return -1 end
  at = at + 3
end
for _ = 1, count do
  if ARGV[at + 1] == '-' then redis.call('HDEL', key, ARGV[at])
  else redis.call('HSET', key, ARGV[at], ARGV[at + 2]) end
  at = at + 3
end
if ttl > 0 then redis.call('PEXPIRE', key, ttl) end
return 1`,
);

/**
 * KEYS: hash. ARGV: ms to live from now on, or 0 to leave that alone; field; amount; `bigint` or `number`.
 *
 * Numbers are added as doubles, as JavaScript does, and written in the fewest digits that read back the same: HINCRBYFLOAT adds with more precision and so gives other sums.
 *
 * @returns the sum as text; nothing when the record is not there
 */
export const INCREMENT_FIELD: Script = defineScript(
  "hash-record-increment",
  `local key, ttl, field, amount = KEYS[1], tonumber(ARGV[1]), ARGV[2], ARGV[3]
if redis.call('EXISTS', key) == 0 then return false end
local sum
if ARGV[4] == 'bigint' then
  redis.call('HINCRBY', key, field, amount)
  sum = redis.call('HGET', key, field)
else
  local old = redis.call('HGET', key, field)
  local number = tonumber(old or '0')
  if not number then return redis.error_reply('NOTNUMBER') end
  number = number + tonumber(amount)
  if number ~= number or number == math.huge or number == -math.huge then return redis.error_reply('NOTNUMBER') end
  for digits = 15, 17 do
    sum = string.format('%.' .. digits .. 'g', number)
    if tonumber(sum) == number then break end
  end
  redis.call('HSET', key, field, sum)
end
if ttl > 0 then redis.call('PEXPIRE', key, ttl) end
return sum`,
);
