import { defineScript, type Script } from "../script.ts";

/**
 * KEYS: lock, fence. ARGV: owner, ms to live, ms that the fence outlives its last use.
 *
 * The fencing token is the server's time in microseconds, or one more than the last token where that is higher: it grows even when the counter was evicted or lost in a failover, as long
 * as clocks of servers differ by less than the lock was free. Asking again as the owner confirms what is held.
 *
 * @returns the token as text, or how many ms the lock of another has left
 */
export const TAKE_LOCK: Script = defineScript(
  "lock-take",
  `local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return math.max(0, redis.call('PTTL', KEYS[1])) end
local token = redis.call('GET', KEYS[2])
if not holder or not token then
  local time = redis.call('TIME')
  local now = time[1] * 1000000 + time[2]
  local last = tonumber(token or '0')
  token = string.format('%.0f', last >= now and last + 1 or now)
  redis.call('SET', KEYS[2], token, 'PX', ARGV[3])
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return token`,
);

/** KEYS: lock. ARGV: owner, ms to live. @returns 1 when it is still the owner's */
export const RENEW_LOCK: Script = defineScript(
  "lock-renew",
  `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`,
);

/** KEYS: lock. ARGV: owner. @returns 1 when it was still the owner's */
export const RELEASE_LOCK: Script = defineScript(
  "lock-release",
  `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`,
);
