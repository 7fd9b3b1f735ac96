import {
  assertClock,
  type Clock,
  type Duration,
  hasErrorCode,
  InvalidArgumentError,
  refuseUnknown,
  systemClock,
  toMs,
} from "@upshift/foundation";
import { assertRedis } from "../assert-redis.ts";
import type { CallOptions, Redis } from "../redis.ts";
import {
  assertWindows,
  type BoardCalendar,
  createBoardCalendar,
  WINDOW_LENGTH_MS,
  type WindowName,
} from "./board-window.ts";
import { type BoardKeys, type BoardReader, createBoardReader } from "./board-reader.ts";
import { ScoreOverflowError } from "./leaderboard-errors.ts";
import { REMOVE_FROM_BOARDS, UPDATE_BOARDS } from "./leaderboard-scripts.ts";

export interface LeaderboardOptions {
  /** `high`: the highest score leads. `low`: the lowest, as with times. Default is `high`. */
  readonly leads?: "high" | "low";
  /** Boards that every score goes to, all at once. Default is `['all']`, one board for ever. */
  readonly windows?: readonly [WindowName, ...WindowName[]];
  /** How long a window stays readable after its end. Default is `'7d'`. `all` never expires. */
  readonly keep?: Duration;
  /** IANA name of the zone whose calendar the windows follow. Default is `'UTC'`. */
  readonly timeZone?: string;
  /** Keeps only this many of the best; the points of those who fall out are lost, so it suits `set` and `best`. Default: all are kept. */
  readonly maxSize?: number;
  readonly clock?: Clock;
}

const OPTIONS: ReadonlySet<keyof LeaderboardOptions> = new Set([
  "leads",
  "windows",
  "keep",
  "timeZone",
  "maxSize",
  "clock",
]);

/** Ranks ids by an integer score, exactly, however many processes write. */
export interface Leaderboard extends BoardReader {
  /** Sets scores; the last one given for an id counts. */
  set(scores: Scores, options?: CallOptions): Promise<void>;
  /**
   * Adds points, which may be negative, to scores that start at 0.
   *
   * @returns the new scores on the first of the windows
   */
  increment(points: Scores, options?: CallOptions): Promise<ReadonlyMap<string, number>>;
  /**
   * Sets scores where they are better than what is there.
   *
   * @returns the scores on the first of the windows, whichever was better
   */
  best(scores: Scores, options?: CallOptions): Promise<ReadonlyMap<string, number>>;
  /** Takes ids off the windows that are running. @returns how many were on the first of them */
  remove(ids: string | readonly string[], options?: CallOptions): Promise<number>;
  /**
   * One of the windows: the running one, or one that is over.
   *
   * @param back - 1 is the one before the running one
   * @throws {InvalidArgumentError} when the board does not have this window
   */
  window(name: WindowName, back?: number): BoardReader;
}

/** Id to integer. */
export type Scores = Readonly<Record<string, number>> | ReadonlyMap<string, number>;

/**
 * A leaderboard in Redis.
 *
 * Equal scores rank by time: who reached the score first comes first. Scores are integers up to 2^53 - 1 either way, exact to the last point; use the smallest unit (cents,
 * milliseconds) where there are fractions. All keys of one name share a slot.
 *
 * @param name - of its keys; no braces
 * @throws {InvalidArgumentError} when an option cannot work
 * @throws {ScoreOverflowError} by the writing calls; nothing is changed then
 */
export function leaderboard(
  redis: Redis,
  name: string,
  options: LeaderboardOptions = {},
): Leaderboard {
  assertRedis("leaderboard", redis);
  refuseUnknown("leaderboard", options, OPTIONS);
  const { leads = "high", windows = ["all"], maxSize = 0, clock = systemClock } = options;
  if (typeof name !== "string" || name === "" || /[{}]/.test(name))
    throw new InvalidArgumentError("`name` as text without braces", name);
  if (leads !== "high" && leads !== "low")
    throw new InvalidArgumentError('`leads` as "high" or "low"', leads);
  assertClock(clock);
  if (!Number.isSafeInteger(maxSize) || maxSize < 0)
    throw new InvalidArgumentError("`maxSize` as an integer >= 0", maxSize);
  assertWindows(windows);
  const keepMs = toMs(options.keep ?? "7d", "keep");
  const calendar: BoardCalendar = createBoardCalendar(options.timeZone ?? "UTC");
  const keysOf = (window: WindowName, back = 0): BoardKeys => {
    const label = calendar.label(window, clock.now(), back);
    const prefix = `leaderboard:{${name}}:${label}`;
    return { set: prefix, hash: `${prefix}:ids`, counter: `${prefix}:ordinal` };
  };
  const lifetimesMs = windows.map((window) =>
    window === "all" ? 0 : Math.ceil(WINDOW_LENGTH_MS[window] + keepMs),
  );
  const descending = leads === "high" ? 1 : 0;
  const update = async (
    mode: "set" | "add" | "best",
    scores: Scores,
    callOptions: CallOptions | undefined,
  ): Promise<ReadonlyMap<string, number>> => {
    const entries = readScores(scores);
    if (entries.length === 0) return new Map();
    const keys = windows.flatMap((window) => {
      const { set, hash, counter } = keysOf(window);
      return [set, hash, counter];
    });
    const args = [mode, descending, maxSize, ...lifetimesMs, ...entries.flat()];
    try {
      const reply = await redis.run(UPDATE_BOARDS, keys, args, callOptions);
      const values = Array.isArray(reply) ? reply : [];
      return new Map(entries.map(([id], index) => [id, Number(values[index])]));
    } catch (error) {
      const position = overflowPosition(error);
      if (position === undefined) throw error;
      throw new ScoreOverflowError(name, entries[position]?.[0] ?? "");
    }
  };
  const readerOf = (window: WindowName, back = 0): BoardReader =>
    createBoardReader(redis, leads === "high", () => keysOf(window, back));
  return {
    ...readerOf(windows[0]),
    set: async (scores, callOptions) => void (await update("set", scores, callOptions)),
    increment: (points, callOptions) => update("add", points, callOptions),
    best: (scores, callOptions) => update("best", scores, callOptions),
    async remove(ids, callOptions) {
      const list = typeof ids === "string" ? [ids] : ids;
      if (list.length === 0) return 0;
      const keys = windows.flatMap((window) => {
        const { set, hash } = keysOf(window);
        return [set, hash];
      });
      return Number(await redis.run(REMOVE_FROM_BOARDS, keys, list, callOptions));
    },
    window(window, back = 0) {
      if (!windows.includes(window))
        throw new InvalidArgumentError(`a window of this board (${windows.join(", ")})`, window);
      if (!Number.isSafeInteger(back) || back < 0 || (window === "all" && back > 0))
        throw new InvalidArgumentError("`back` as an integer >= 0, and 0 for 'all'", back);
      return readerOf(window, back);
    },
  };
}

function readScores(scores: Scores): readonly (readonly [id: string, score: number])[] {
  const entries = scores instanceof Map ? [...scores] : Object.entries(scores);
  for (const [id, score] of entries) {
    if (id === "") throw new InvalidArgumentError("ids that are not empty", id);
    if (!Number.isSafeInteger(score))
      throw new InvalidArgumentError(`a safe integer as the score of ${JSON.stringify(id)}`, score);
  }
  return entries;
}

/** The script says which entry by its position, because an id could hold anything. */
function overflowPosition(error: unknown): number | undefined {
  if (!hasErrorCode(error, "UPSHIFT_REDIS_REPLY")) return undefined;
  const match = /OVERFLOW (\d+)/.exec(error.message);
  return match === null ? undefined : Number(match[1]);
}
