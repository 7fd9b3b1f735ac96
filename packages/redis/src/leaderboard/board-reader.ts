import { InvalidArgumentError } from "@upshift/foundation";
import type { CallOptions, Redis, Reply } from "../redis.ts";
import { READ_AROUND, READ_BOARD } from "./leaderboard-scripts.ts";

/** One place on a board. */
export interface BoardEntry {
  readonly id: string;
  readonly score: number;
  /** 1-based; equal scores share it, and the next score comes after as many places as share it: 1, 2, 2, 4. */
  readonly rank: number;
  /** 0-based and different for each id: equal scores in the order in which they were reached. */
  readonly position: number;
}

/** Reads one board. Each answer is one moment of it. */
export interface BoardReader {
  /** The first `count` places. */
  top(count: number, options?: CallOptions): Promise<readonly BoardEntry[]>;
  /** `limit` places from the 0-based position `offset` on. */
  page(
    range: { readonly offset: number; readonly limit: number },
    options?: CallOptions,
  ): Promise<readonly BoardEntry[]>;
  /** The place of an id; `undefined` when it has none. */
  rank(id: string, options?: CallOptions): Promise<BoardEntry | undefined>;
  /**
   * The places around an id, its own among them; empty when it has none.
   *
   * @param range - how many before and after it; default 5 each
   */
  around(
    id: string,
    range?: { readonly before?: number; readonly after?: number },
    options?: CallOptions,
  ): Promise<readonly BoardEntry[]>;
  /** How many ids have a place. */
  count(options?: CallOptions): Promise<number>;
  /** Takes everyone off this board. */
  clear(options?: CallOptions): Promise<void>;
}

/** Redis keys of one board; they share a slot by the board's name in braces. */
export interface BoardKeys {
  readonly set: string;
  readonly hash: string;
  readonly counter: string;
}

/** In front of an id in a member: see `leaderboard-scripts.ts`. */
const ORDINAL_LENGTH = 16;

/** @param keys - asked at each call: the running window changes with the time */
export function createBoardReader(
  redis: Redis,
  isDescending: boolean,
  keys: () => BoardKeys,
): BoardReader {
  const descending = isDescending ? 1 : 0;
  const page: BoardReader["page"] = async ({ offset, limit }, options) => {
    assertCount("offset", offset);
    assertCount("limit", limit);
    if (limit === 0) return [];
    const args = [descending, offset, offset + limit - 1];
    return toEntries(await redis.run(READ_BOARD, [keys().set], args, options));
  };
  const around: BoardReader["around"] = async (id, { before = 5, after = 5 } = {}, options) => {
    assertCount("before", before);
    assertCount("after", after);
    const { set, hash } = keys();
    const args = [descending, id, before, after];
    return toEntries(await redis.run(READ_AROUND, [set, hash], args, options));
  };
  return {
    top: (count, options) => page({ offset: 0, limit: count }, options),
    page,
    around,
    async rank(id, options) {
      const [entry] = await around(id, { before: 0, after: 0 }, options);
      return entry;
    },
    count: async (options) => Number(await redis.send(["ZCARD", keys().set], options)),
    async clear(options) {
      const { set, hash, counter } = keys();
      await redis.send(["UNLINK", set, hash, counter], options);
    },
  };
}

/** The reply of the reading scripts: position of the first, how many are better, then members and scores in turn. */
function toEntries(reply: Reply): readonly BoardEntry[] {
  if (!Array.isArray(reply)) return [];
  const [start, better, found] = reply;
  if (!Array.isArray(found)) return [];
  const first = Number(start);
  const entries: BoardEntry[] = [];
  for (let index = 0; index < found.length; index += 2) {
    const score = Number(found[index + 1]);
    const position = first + index / 2;
    const before = entries.at(-1);
    const rank = before === undefined ? Number(better) + 1 : position + 1;
    entries.push({
      id: String(found[index]).slice(ORDINAL_LENGTH),
      score,
      rank: before?.score === score ? before.rank : rank,
      position,
    });
  }
  return entries;
}

function assertCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError(`\`${name}\` as an integer >= 0`, value);
}
