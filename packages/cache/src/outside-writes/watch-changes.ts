import {
  assertFunction,
  assertFunctions,
  assertTimerClock,
  delay,
  InvalidArgumentError,
  kindOf,
  refuseUnknown,
  systemClock,
  type TimerClock,
} from "@upshift/foundation";
import type { Cache } from "../cache.ts";
import { all, type Target } from "../invalidation/target.ts";
import { CHANGE_CHANNEL } from "./change-trigger.ts";

/** A connection of its own, as `new Client(url)` of pg makes it. */
export interface ListeningClient {
  connect(): Promise<unknown>;
  query(sql: string): Promise<unknown>;
  on(event: "notification", listener: (message: { payload?: string | undefined }) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  end(): Promise<void>;
}

/** A row that was changed, by its chosen columns: one of both is there. */
export interface RowChange {
  readonly table: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
}

export interface WatchChangesOptions {
  /** Makes a client that is not connected yet, outside of any pool and any transaction pooler. */
  readonly connect: () => ListeningClient;
  /** What a changed row makes void. */
  readonly targets: (change: RowChange) => Target | readonly Target[];
  /** What is void when changes were missed: a connection was lost, or a statement changed too many rows. Default: everything. */
  readonly missed?: (table: string | undefined) => Target | readonly Target[];
  /** Default is `upshift_changes`. */
  readonly channel?: string;
  /** Default: failures are not told. */
  readonly onError?: (error: unknown) => void;
  readonly clock?: TimerClock;
}

export interface ChangeWatch {
  /** Resolves when it listens for the first time. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

const OPTIONS: ReadonlySet<keyof WatchChangesOptions> = new Set([
  "connect",
  "targets",
  "missed",
  "channel",
  "onError",
  "clock",
]);

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** A connection that is dead without a word is noticed by this. */
const PROBE_MS = 15_000;
const PROBE_TIMEOUT_MS = 5_000;

/**
 * Invalidates what {@link changeTriggerSql} announces. A lost connection is made again, and what may have been missed is invalidated.
 *
 * One process of a fleet is enough; more do no harm.
 *
 * @throws {InvalidArgumentError} when an option cannot work
 */
export function watchChanges(cache: Cache, options: WatchChangesOptions): ChangeWatch {
  if (typeof Object(cache).invalidate !== "function")
    throw new InvalidArgumentError("`cache` as `createCache(…)` makes it", kindOf(cache));
  refuseUnknown("watchChanges", options, OPTIONS);
  const { connect, targets, missed, onError } = options;
  assertFunction("connect", connect);
  assertFunction("targets", targets);
  assertFunctions({ missed, onError });
  return new Watch(cache, options);
}

class Watch implements ChangeWatch {
  readonly ready: Promise<void>;
  readonly #cache: Cache;
  readonly #options: WatchChangesOptions;
  readonly #channel: string;
  readonly #clock: TimerClock;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(cache: Cache, options: WatchChangesOptions) {
    const { channel = CHANGE_CHANNEL, clock = systemClock } = options;
    assertTimerClock(clock);
    if (typeof channel !== "string" || channel === "" || channel.includes("\0"))
      throw new InvalidArgumentError("`channel` as a name", channel);
    this.#cache = cache;
    this.#options = options;
    this.#channel = channel;
    this.#clock = clock;
    let isReady: (() => void) | undefined;
    this.ready = new Promise((resolve) => {
      isReady = resolve;
    });
    this.#running = this.#run(() => isReady?.());
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error("closed"));
    await this.#running;
  }

  async #run(isReady: () => void): Promise<void> {
    const { signal } = this.#stop;
    let pauseMs = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      try {
        await this.#listen(() => {
          pauseMs = FIRST_PAUSE_MS;
          isReady();
        });
      } catch (error) {
        this.#report(error);
      }
      // Spread, so that a fleet does not come back all at once.
      await delay(this.#clock, pauseMs * (0.5 + Math.random() / 2), signal).catch(() => {});
      pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
    }
  }

  /** Until the connection is lost. */
  async #listen(isListening: () => void): Promise<void> {
    const { signal } = this.#stop;
    const client = this.#options.connect();
    const lost = new AbortController();
    const lose = (): void => lost.abort();
    client.on("error", (error) => {
      this.#report(error);
      lose();
    });
    client.on("end", lose);
    client.on("notification", ({ payload }) => void this.#hear(payload));
    signal.addEventListener("abort", lose, { once: true });
    try {
      await client.connect();
      await client.query(`LISTEN "${this.#channel.replaceAll('"', '""')}"`);
      // From here on nothing is missed; what came before may have been.
      await this.#apply(this.#missed(undefined));
      isListening();
      while (!lost.signal.aborted) {
        await delay(this.#clock, PROBE_MS, lost.signal).catch(() => {});
        if (!lost.signal.aborted) await this.#probe(client);
      }
    } finally {
      signal.removeEventListener("abort", lose);
      await Promise.race([
        client.end().catch(() => {}),
        delay(this.#clock, PROBE_TIMEOUT_MS).catch(() => {}),
      ]);
    }
  }

  async #probe(client: ListeningClient): Promise<void> {
    const late = new AbortController();
    try {
      await Promise.race([
        client.query("SELECT 1"),
        (async () => {
          await delay(this.#clock, PROBE_TIMEOUT_MS, late.signal);
          throw new Error(
            `the connection that listens did not answer within ${PROBE_TIMEOUT_MS} ms`,
          );
        })(),
      ]);
    } finally {
      late.abort();
    }
  }

  async #hear(payload: string | undefined): Promise<void> {
    try {
      const facts: unknown = JSON.parse(payload ?? "");
      const { table, before = null, after = null, all: isAll } = Object(facts);
      if (typeof table !== "string") return;
      const targets =
        isAll === true ? this.#missed(table) : this.#options.targets({ table, before, after });
      await this.#apply(targets);
    } catch (error) {
      this.#report(error);
    }
  }

  #missed(table: string | undefined): Target | readonly Target[] {
    const { missed = () => all() } = this.#options;
    return missed(table);
  }

  async #apply(targets: Target | readonly Target[]): Promise<void> {
    await this.#cache.invalidate(...[targets].flat());
  }

  #report(error: unknown): void {
    try {
      this.#options.onError?.(error);
    } catch {
      // A listener that fails must not end the watch.
    }
  }
}
