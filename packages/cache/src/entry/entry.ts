import type { Policy } from "../policy/policy.ts";

/** What an entry is made of. Times are ms on the local clock. */
export interface EntryFacts {
  readonly value: unknown;
  readonly isAbsent: boolean;
  readonly softUntilMs: number;
  readonly hardUntilMs: number;
  readonly ttlMs: number;
  readonly loadMs: number;
  readonly clock: number;
  /** Of this process; see {@link TagTimes}. */
  readonly ordinal: number;
  readonly tags: readonly string[];
  readonly tagVersion: number;
  /** When it was known to be right: its load began, or Redis had it while in sync. */
  readonly confirmedAtMs: number;
}

/** XFetch hardly ever asks for a load earlier than this many times `beta * loadMs` before the end: e^-10. */
const EARLIEST_EARLY = 10;

/** A value in memory. Times are ms on the local clock. */
export class Entry {
  readonly value: unknown;
  readonly isAbsent: boolean;
  readonly hardUntilMs: number;
  readonly clock: number;
  readonly ordinal: number;
  readonly tags: readonly string[];
  readonly ttlMs: number;
  readonly loadMs: number;
  /** Read by every hit: until then nothing else has to be looked at. */
  quietUntilMs: number;
  /** Of the tags, when this entry was last compared with them. */
  tagVersion: number;
  confirmedAtMs: number;
  softUntilMs: number;
  memoryUntilMs: number;
  refreshAtMs: number;
  earlyFromMs: number;
  /** For sliding: when Redis is to be told that it is still read. */
  touchAtMs: number;
  #promise: Promise<unknown> | undefined;

  constructor(facts: EntryFacts, policy: Policy, nowMs: number) {
    this.value = facts.value;
    this.isAbsent = facts.isAbsent;
    this.hardUntilMs = facts.hardUntilMs;
    this.clock = facts.clock;
    this.ordinal = facts.ordinal;
    this.tags = facts.tags;
    this.ttlMs = facts.ttlMs;
    this.loadMs = facts.loadMs;
    this.tagVersion = facts.tagVersion;
    this.confirmedAtMs = facts.confirmedAtMs;
    this.softUntilMs = facts.softUntilMs;
    this.memoryUntilMs = Math.min(facts.softUntilMs, nowMs + policy.memoryTtlMs);
    const { refreshAtRatio, earlyRefreshBeta, slidingMs } = policy;
    const isRefreshed = !facts.isAbsent && facts.ttlMs > 0;
    this.refreshAtMs =
      refreshAtRatio === undefined || !isRefreshed
        ? Number.POSITIVE_INFINITY
        : facts.softUntilMs - facts.ttlMs * (1 - refreshAtRatio);
    this.earlyFromMs =
      earlyRefreshBeta === undefined || !isRefreshed
        ? Number.POSITIVE_INFINITY
        : facts.softUntilMs - earlyRefreshBeta * facts.loadMs * EARLIEST_EARLY;
    this.touchAtMs =
      slidingMs === undefined ? Number.POSITIVE_INFINITY : nowMs + slidingMs / TOUCHES_PER_SLIDE;
    this.quietUntilMs = this.#quietUntil();
  }

  /** Made once: a hit hands out the same promise every time. */
  get promise(): Promise<unknown> {
    return (this.#promise ??= Promise.resolve(this.value));
  }

  /** It is past its time from now on: kept for failures only. */
  expire(): void {
    this.softUntilMs = Number.NEGATIVE_INFINITY;
    this.memoryUntilMs = Number.NEGATIVE_INFINITY;
    this.quietUntilMs = Number.NEGATIVE_INFINITY;
  }

  /** After a failed load: fresh enough until then. */
  holdUntil(untilMs: number): void {
    this.softUntilMs = Math.min(Math.max(untilMs, this.softUntilMs), this.hardUntilMs);
    this.memoryUntilMs = this.softUntilMs;
    this.refreshAtMs = Number.POSITIVE_INFINITY;
    this.earlyFromMs = Number.POSITIVE_INFINITY;
    this.quietUntilMs = this.#quietUntil();
  }

  /** One read has started the early load: the others need not ask. */
  stopRefreshing(): void {
    this.refreshAtMs = Number.POSITIVE_INFINITY;
    this.earlyFromMs = Number.POSITIVE_INFINITY;
    this.quietUntilMs = this.#quietUntil();
  }

  /** It was read: it lives on for `slidingMs`, and no longer than `hardUntilMs`. */
  slide(nowMs: number, slidingMs: number): void {
    this.softUntilMs = Math.min(nowMs + slidingMs, this.hardUntilMs);
    this.memoryUntilMs = Math.max(this.memoryUntilMs, this.softUntilMs);
    this.touchAtMs = nowMs + slidingMs / TOUCHES_PER_SLIDE;
    this.quietUntilMs = this.#quietUntil();
  }

  #quietUntil(): number {
    return Math.min(
      this.memoryUntilMs,
      this.softUntilMs,
      this.refreshAtMs,
      this.earlyFromMs,
      this.touchAtMs,
    );
  }
}

/** A value that is read all the time is prolonged so often per `sliding`: it may end early by an eighth. */
const TOUCHES_PER_SLIDE = 8;
