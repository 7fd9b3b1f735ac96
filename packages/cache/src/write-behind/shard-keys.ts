import { InvalidArgumentError } from "@upshift/foundation";

/**
 * Each part of the keys lies in one slot of a cluster, so that scripts can change all of it at once. Fixed: with another number the changes of a key would lie in two parts, and their order
 * would be lost.
 */
export const SHARD_COUNT = 16;

/**
 * The keys of one shard in Redis, in the order in which every script takes them.
 *
 * - `dirty`: hash, key -> entry, see `entry.ts`
 * - `due`: sorted set, key -> ms of the server at which it is to be written; not while it is held
 * - `held`: sorted set, key -> ms of the server until which a drainer has it
 * - `holder`: hash, key -> token of that drainer
 * - `later`: sorted set, key -> sequence of the first change since it was taken
 * - `tries`: hash, key -> how often writing it alone has failed
 * - `age`: sorted set, key -> sequence of the first change that is not written
 * - `meta`: hash; `sequence` is the last one that was given out
 * - `dead`: hash, key -> entry that was given up
 * - `why`: hash, key -> ms of the server, failed tries and code of the error
 */
export const SHARD_PARTS = [
  "dirty",
  "due",
  "held",
  "holder",
  "later",
  "tries",
  "age",
  "meta",
  "dead",
  "why",
] as const;

export type ShardPart = (typeof SHARD_PARTS)[number];

/** @throws {InvalidArgumentError} for a name with a brace: it would end the hash tag */
export function shardKey(namespace: string, name: string, shard: number, part: ShardPart): string {
  const owner = `${namespace}:${name}`;
  if (/[{}]/.test(owner)) throw new InvalidArgumentError("names without `{` and `}`", owner);
  return `{${owner}:wb:${shard}}:${part}`;
}

/** The shard of a key: FNV-1a of its UTF-16 units, folded. Must never change, for the reason of {@link SHARD_COUNT}. */
export function shardOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1)
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return ((hash ^ (hash >>> 16)) >>> 0) % SHARD_COUNT;
}
