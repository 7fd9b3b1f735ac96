import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import type { DrainContext } from "./drain-context.ts";
import { Lease } from "./lease.ts";
import { pauseAfterMs } from "./pause-after.ts";
import { Settlement } from "./settlement.ts";
import type { Shard, TakenEntry } from "./shard.ts";
import { WriteJob } from "./write-job.ts";

/** Keys of other processes are looked for so often; those of this one are known. */
const IDLE_MS = 5_000;
/** Processes that look at the same interval should not look together. */
const IDLE_SPREAD = 0.2;

/** What falls due within this part of the delay is written together. */
const GATHER_RATIO = 0.1;
const MOST_GATHER_MS = 250;

/** Changes are due so much earlier than they have to be written. */
export function gatherMs(maxDelayMs: number): number {
  return Math.min(MOST_GATHER_MS, Math.floor(maxDelayMs * GATHER_RATIO));
}

interface Look {
  readonly shard: Shard;
  /** When something is due there, as far as is known; to be looked at a little later, together with what is due by then. */
  dueMs: number;
  /** Of takes whose answers were lost: what they took, if they did, nobody writes. */
  readonly lostTokens: Set<string>;
}

/** Takes what is due from all shards and has it written, some batches at a time. */
export class Drainer<K, V> {
  readonly #context: DrainContext<K, V>;
  readonly #looks: readonly Look[];
  readonly #jobs = new Set<Promise<void>>();
  readonly #ending = new AbortController();
  readonly #process: string = randomUUID();
  readonly #gatherMs: number;
  #takeCount = 0;
  #rotation = 0;
  #outageCount = 0;
  #failureCount = 0;
  #pausedUntilMs = 0;
  #looking: Promise<void> | undefined;
  #isStopped = false;
  #cancelTimer: (() => void) | undefined;

  constructor(context: DrainContext<K, V>, shards: readonly Shard[]) {
    this.#context = context;
    // One listener per batch, and per row of one.
    setMaxListeners(0, this.#ending.signal);
    const nowMs = context.clock.now();
    this.#gatherMs = gatherMs(context.declaration.settings.maxDelayMs);
    this.#looks = shards.map((shard) => ({
      shard,
      dueMs: nowMs,
      lostTokens: new Set<string>(),
    }));
    this.#schedule();
  }

  get runningCount(): number {
    return this.#jobs.size;
  }

  /** Something of this shard is due then. */
  wake(shard: Shard, inMs: number): void {
    const look = this.#looks[shard.index];
    if (look === undefined) return;
    const dueMs = this.#context.clock.now() + inMs;
    if (dueMs >= look.dueMs) return;
    look.dueMs = dueMs;
    this.#schedule();
  }

  /** Something of this shard is to be written now. */
  hurry(shard: Shard): void {
    this.wake(shard, -this.#gatherMs);
  }

  /** Takes nothing any more. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer?.();
  }

  /** Ends what is being written, with this reason for the writers' signal. */
  abort(reason: unknown): void {
    this.#ending.abort(reason);
  }

  /** Until nothing is being written. */
  async idle(): Promise<void> {
    // What is being taken is about to be written.
    await this.#looking;
    await Promise.all(this.#jobs);
  }

  #schedule(): void {
    this.#cancelTimer?.();
    const { clock, declaration } = this.#context;
    const { concurrency } = declaration.settings;
    if (this.#isStopped || this.#looking !== undefined || this.#jobs.size >= concurrency) return;
    let dueMs = Number.POSITIVE_INFINITY;
    for (const look of this.#looks) dueMs = Math.min(dueMs, look.dueMs);
    const inMs = Math.max(dueMs + this.#gatherMs, this.#pausedUntilMs) - clock.now();
    const look = (): void => {
      this.#looking = this.#lookAround().finally(() => {
        this.#looking = undefined;
        this.#schedule();
      });
    };
    this.#cancelTimer = clock.after(Math.max(0, inMs), look, { isBackground: true });
  }

  async #lookAround(): Promise<void> {
    const { clock, declaration } = this.#context;
    const nowMs = clock.now();
    const looks = this.#looks.filter(({ dueMs }) => dueMs <= nowMs);
    const entries = await this.#take(looks, declaration.settings.batch);
    if (entries.length > 0) this.#begin(entries, nowMs);
  }

  /** Shares a batch among the shards; each round begins with another one. */
  async #take(looks: readonly Look[], batch: number): Promise<readonly TakenEntry[]> {
    this.#rotation += 1;
    const start = looks.length === 0 ? 0 : this.#rotation % looks.length;
    const chosen = [...looks.slice(start), ...looks.slice(0, start)].slice(0, batch);
    const share = Math.floor(batch / chosen.length);
    const rest = batch - share * chosen.length;
    const taken = await Promise.all(
      chosen.map((look, index) => this.#takeFrom(look, index < rest ? share + 1 : share)),
    );
    return taken.flat();
  }

  async #takeFrom(look: Look, limit: number): Promise<readonly TakenEntry[]> {
    const { clock, declaration, random, onError } = this.#context;
    const { leaseMs, backoff } = declaration.settings;
    this.#takeCount += 1;
    const token = `${this.#process}:${this.#takeCount}`;
    const idleMs = IDLE_MS * (1 - IDLE_SPREAD * random());
    try {
      // What is put from here on wakes it again.
      look.dueMs = clock.now() + idleMs;
      if (look.lostTokens.size > 0) await look.shard.releaseAll(look.lostTokens);
      look.lostTokens.clear();
      look.lostTokens.add(token);
      const { entries, nextInMs } = await look.shard.take(limit, leaseMs, token);
      look.lostTokens.delete(token);
      // More is there than was asked for: no use in waiting for company.
      if (nextInMs === 0 && entries.length > 0) this.hurry(look.shard);
      else if (nextInMs !== undefined) this.wake(look.shard, Math.max(1, nextInMs));
      this.#failureCount = 0;
      return entries;
    } catch (error) {
      this.#failureCount += 1;
      const pauseMs = pauseAfterMs(backoff, Math.ceil(this.#failureCount / 16), random());
      look.dueMs = clock.now() + pauseMs;
      if (this.#failureCount === 1) onError(error);
      return [];
    }
  }

  #begin(entries: readonly TakenEntry[], askedAtMs: number): void {
    const job = this.#runJob(entries, askedAtMs)
      .catch((error: unknown) => this.#context.onError(error))
      .finally(() => {
        this.#jobs.delete(job);
        this.#schedule();
      });
    this.#jobs.add(job);
  }

  async #runJob(entries: readonly TakenEntry[], askedAtMs: number): Promise<void> {
    const { name, clock, declaration, random } = this.#context;
    const { leaseMs, backoff } = declaration.settings;
    const abort = new AbortController();
    setMaxListeners(0, abort.signal);
    const follow = (): void => abort.abort(this.#ending.signal.reason);
    const onLost = (error: Error): void => abort.abort(error);
    const lease = new Lease(entries, { name, clock, leaseMs, askedAtMs, onLost });
    this.#ending.signal.addEventListener("abort", follow, { once: true });
    if (this.#ending.signal.aborted) follow();
    try {
      const settlement = new Settlement(this.#context, lease);
      const isOutage = await new WriteJob(this.#context, settlement, abort.signal).run(entries);
      this.#outageCount = isOutage ? this.#outageCount + 1 : 0;
      if (isOutage)
        this.#pausedUntilMs = clock.now() + pauseAfterMs(backoff, this.#outageCount, random());
    } finally {
      lease.end();
      this.#ending.signal.removeEventListener("abort", follow);
    }
  }
}
