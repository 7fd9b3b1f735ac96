import { defineScript, type Script } from "@upshift/redis";
import { SHARD_PARTS } from "../shard-keys.ts";

/** A script over one shard: KEYS are all its keys in the order of `SHARD_PARTS`. */
export interface ShardScript {
  readonly script: Script;
  /** For servers that do not know flags of scripts (before Redis 7); the same as `script` where it has none. */
  readonly plain: Script;
}

const PRELUDE = `local ${SHARD_PARTS.join(", ")} = unpack(KEYS)
local function microseconds()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end
local function head(entry)
  local _, stop, sequence, count, items = string.find(entry, '^(%d+) (%d+) (%d+) ')
  return stop, sequence, tonumber(count), tonumber(items)
end
`;

export function shardScript(name: string, lua: string): ShardScript {
  const script = defineScript(`write-behind-${name}`, PRELUDE + lua);
  return { script, plain: script };
}

/** One that also runs when Redis is full: what makes room must not need room first. */
export function drainingScript(name: string, lua: string): ShardScript {
  const { plain } = shardScript(name, lua);
  return { script: defineScript(plain.name, `#!lua flags=allow-oom\n${plain.lua}`), plain };
}
