import type { Reply } from "../redis.ts";

/** Members with their scores, or fields with their values: pairs in RESP3, one flat array in RESP2. */
const PAIRED = new Set([
  "ZDIFF",
  "ZINTER",
  "ZUNION",
  "ZPOPMIN",
  "ZPOPMAX",
  "ZRANDMEMBER",
  "ZRANGE",
  "ZRANGEBYSCORE",
  "ZREVRANGE",
  "ZREVRANGEBYSCORE",
  "HRANDFIELD",
]);

/** What a client that speaks RESP3 may give besides: booleans, and doubles and maps that it was told to give as text and as arrays. */
export type Resp3Reply = Reply | boolean | readonly Resp3Reply[];

/**
 * The reply as RESP2 would have it; one that is so already stays as it is.
 *
 * @param command - its name
 */
export function resp2Shape(command: string, reply: Resp3Reply): Reply {
  if (!Array.isArray(reply)) return plain(reply);
  const name = command.toUpperCase();
  const items: readonly Reply[] = reply.map(plain);
  if (PAIRED.has(name) && Array.isArray(items[0])) return items.flat();
  // Stream and entries by turns, where RESP2 has an array of [stream, entries].
  if ((name === "XREAD" || name === "XREADGROUP") && items.length > 0 && !Array.isArray(items[0]))
    return Array.from({ length: items.length / 2 }, (_, index) =>
      items.slice(2 * index, 2 * index + 2),
    );
  return items;
}

function plain(reply: Resp3Reply): Reply {
  if (typeof reply === "string") return reply;
  if (typeof reply === "boolean") return reply ? 1 : 0;
  if (!Array.isArray(reply)) return isFlat(reply) ? reply : null;
  return reply.map(plain);
}

function isFlat(reply: Resp3Reply): reply is string | number | Buffer | null {
  return !Array.isArray(reply) && typeof reply !== "boolean";
}
