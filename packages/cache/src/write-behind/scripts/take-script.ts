import { drainingScript, type ShardScript } from "./shard-script.ts";

/**
 * Takes keys that are due, or whose drainer has not renewed its lease, under a lease of one's own. Their entries stay where they are: readers see them until they are
 * written.
 *
 * ARGV: most keys, ms of the lease, token, most bytes of entries (one is always taken).
 *
 * @returns ms until there is more to take or -1, count of dirty keys, count of dead letters, age in ms of the oldest change or -1; then key, entry, tries for each
 */
export const TAKE: ShardScript = drainingScript(
  "take",
  `local limit, token, most = tonumber(ARGV[1]), ARGV[3], tonumber(ARGV[4])
local micros = microseconds()
local now = math.floor(micros / 1000)
local keys = redis.call('ZRANGEBYSCORE', held, '-inf', now, 'LIMIT', 0, limit)
if #keys < limit then
  local ready = redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, limit - #keys)
  for _, key in ipairs(ready) do keys[#keys + 1] = key end
end
local reply = {-1, 0, 0, -1}
if #keys > 0 then
  local entries = redis.call('HMGET', dirty, unpack(keys))
  local failed = redis.call('HMGET', tries, unpack(keys))
  local taken, leases, holders, bytes = {}, {}, {}, 0
  for index, key in ipairs(keys) do
    local entry = entries[index]
    if not entry then
      -- A part of the shard was lost or deleted by hand: nothing is left to do for the key.
      redis.call('ZREM', due, key)
      redis.call('ZREM', held, key)
      redis.call('ZREM', later, key)
      redis.call('ZREM', age, key)
      redis.call('HDEL', holder, key)
      redis.call('HDEL', tries, key)
    else
      bytes = bytes + #entry
      if #taken > 0 and bytes > most then break end
      taken[#taken + 1] = key
      leases[#leases + 1] = now + ARGV[2]
      leases[#leases + 1] = key
      holders[#holders + 1] = key
      holders[#holders + 1] = token
      reply[#reply + 1] = key
      reply[#reply + 1] = entry
      reply[#reply + 1] = tonumber(failed[index] or '0')
    end
  end
  if #taken > 0 then
    redis.call('ZADD', held, unpack(leases))
    redis.call('HSET', holder, unpack(holders))
    redis.call('ZREM', due, unpack(taken))
    redis.call('ZREM', later, unpack(taken))
  end
end
local function first(set)
  return tonumber(redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')[2])
end
local nextDue, nextHeld, oldest = first(due), first(held), first(age)
if nextHeld and (not nextDue or nextHeld < nextDue) then nextDue = nextHeld end
if nextDue then reply[1] = math.max(0, nextDue - now) end
reply[2] = redis.call('HLEN', dirty)
reply[3] = redis.call('HLEN', dead)
if oldest then reply[4] = math.max(0, math.floor((micros - oldest) / 1000)) end
return reply`,
);
