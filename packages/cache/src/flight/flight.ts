import type { Entry } from "../entry/entry.ts";

/** One load of one key in this process, with all that wait for it. */
export class Flight {
  readonly key: string;
  /** What the loader gets. */
  readonly input: unknown;
  /** Answered with the value, or with a stale one before it is there. */
  readonly answer: Promise<unknown>;
  /** An invalidation came that its load may not have seen: what it brings is given to those who wait, and kept nowhere. */
  isVoid = false;
  /** The same, once and for all: what there was before it came is not to be given out any more, not even for want of anything else. */
  isForgotten = false;
  /** What there is until then, as old as it is. */
  stale: Entry | undefined = undefined;
  /** Of the journal, and of this process, when the load began. */
  clock = 0;
  ordinal = 0;
  isAnswered = false;
  /** What it was answered with. */
  outcome: "redis" | "load" | "stale" | undefined = undefined;
  /** Reads that this flight answers. */
  waiterCount = 1;
  #resolve: (value: unknown) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(key: string, input: unknown) {
    this.key = key;
    this.input = input;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  succeed(value: unknown, outcome: "redis" | "load" | "stale"): void {
    this.isAnswered = true;
    this.outcome = outcome;
    this.#resolve(value);
  }

  fail(error: unknown): void {
    this.isAnswered = true;
    ignoreFailure(this.answer);
    this.#reject(error);
  }

  /** The load begins now: what was invalidated before, it sees. */
  begin(clock: number, ordinal: number): void {
    this.clock = clock;
    this.ordinal = ordinal;
    this.isVoid = false;
  }
}

/** Those who wait see it; a load in the background has nobody. */
function ignoreFailure(promise: Promise<unknown>): void {
  promise.catch(() => {});
}
