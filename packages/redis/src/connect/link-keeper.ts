import type { TimerClock } from "@upshift/foundation";
import { type Backoff, backoffMs } from "./backoff.ts";
import { failureReason } from "./failure-reason.ts";
import type { Link, LinkEvents, OpeningLink } from "./link.ts";

export interface LinkKeeperOptions {
  readonly clock: TimerClock;
  readonly random: () => number;
  readonly backoff: Backoff;
  /** For opening and preparing together. */
  readonly connectTimeoutMs: number;
  /** Begins one connection; called anew for each attempt, so that the address may differ. */
  readonly open: (events: LinkEvents) => OpeningLink;
  /** Makes it ready for use, or rejects. `note` takes what it waits for; `signal` ends the attempt. */
  readonly prepare: (
    link: Link,
    note: (reason: string) => void,
    signal: AbortSignal,
  ) => Promise<void>;
  readonly onUp: (link: Link) => void;
  /** The link that was up has ended. */
  readonly onDown: () => void;
  readonly onMessage?: (message: string, channel: string) => void;
  /** An attempt failed. `reason` is safe to show. */
  readonly onFailure?: (reason: string) => void;
}

/** Keeps one connection open: opens it, and opens another when it ends. */
export class LinkKeeper {
  readonly #options: LinkKeeperOptions;
  #link: Link | undefined;
  #attempts = 0;
  #upAtMs = 0;
  #endAttempt: (() => void) | undefined;
  #cancelRetry: (() => void) | undefined;
  #isClosed = false;
  #lastFailure = "it has not connected yet";
  #upCount = 0;

  constructor(options: LinkKeeperOptions) {
    this.#options = options;
  }

  /** `undefined` while it is down. */
  get link(): Link | undefined {
    return this.#link;
  }

  /** Why it is down, safe to show. */
  get lastFailure(): string {
    return this.#lastFailure;
  }

  /** How often it has come up. */
  get upCount(): number {
    return this.#upCount;
  }

  /** Begins to connect unless it is doing so. */
  start(): void {
    if (this.#isClosed || this.#link !== undefined) return;
    if (this.#endAttempt === undefined && this.#cancelRetry === undefined) this.#attempt();
  }

  /**
   * Opens a second connection beside one that does not answer, and changes over when that one answers. A server that hangs answers neither, and nothing changes; a
   * connection whose other end is gone without a word is found out this way.
   *
   * @param isStillSilent - asked when the second one is ready
   */
  challenge(isStillSilent: () => boolean): void {
    if (this.#isClosed || this.#link === undefined || this.#endAttempt !== undefined) return;
    this.#attempt(isStillSilent);
  }

  /** Ends the link that is up and connects anew. */
  replace(reason: string): void {
    if (this.#link === undefined) return;
    this.#drop(reason);
    this.#retryLater();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#lastFailure = "it is closed";
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#endAttempt?.();
    const link = this.#link;
    this.#link = undefined;
    link?.destroy();
  }

  #attempt(isStillNeeded?: () => boolean): void {
    const { clock, connectTimeoutMs, open, prepare } = this.#options;
    const ending = new AbortController();
    let link: OpeningLink | undefined;
    let isOver = false;
    let waitsFor = "";
    const end = (): void => {
      isOver = true;
      ending.abort();
      cancelTimer();
      if (this.#endAttempt === endAndDestroy) this.#endAttempt = undefined;
    };
    const endAndDestroy = (): void => {
      end();
      link?.destroy();
    };
    const fail = (reason: string): void => {
      if (isOver) return;
      endAndDestroy();
      this.#lastFailure = reason;
      this.#options.onFailure?.(reason);
      // Beside a link that is up, the failure of a challenger changes nothing.
      if (this.#link === undefined) this.#retryLater();
    };
    let lastError: unknown;
    const cancelTimer = clock.after(connectTimeoutMs, () =>
      fail(`it did not become ready within ${connectTimeoutMs} ms${waitsFor}`),
    );
    this.#endAttempt = endAndDestroy;
    const note = (reason: string): void => {
      waitsFor = `: ${reason}`;
      if (this.#link === undefined) this.#lastFailure = reason;
    };
    const events: LinkEvents = {
      onError: (error) => {
        lastError = error;
      },
      onClose: () => {
        if (!isOver) fail(failureReason(lastError));
        else if (link !== undefined && this.#link === link) {
          this.#drop(failureReason(lastError));
          this.#retryLater();
        }
      },
      onMessage: (message, channel) => this.#options.onMessage?.(message, channel),
    };
    const run = async (): Promise<void> => {
      try {
        link = open(events);
        await link.opened;
        if (isOver) return;
        await prepare(link, note, ending.signal);
      } catch (error) {
        // The library's own words for a refused password come by `onError`.
        fail(failureReason(lastError ?? error));
        return;
      }
      if (isOver) return;
      if (isStillNeeded?.() === false) {
        endAndDestroy();
        return;
      }
      end();
      this.#raise(link);
    };
    void run();
  }

  #raise(link: Link): void {
    if (this.#link !== undefined) this.#drop("it did not answer, and a new connection did");
    this.#link = link;
    this.#upAtMs = this.#options.clock.now();
    this.#upCount += 1;
    this.#options.onUp(link);
  }

  #drop(reason: string): void {
    const link = this.#link;
    if (link === undefined) return;
    this.#link = undefined;
    this.#lastFailure = reason;
    // One that lasted was no failed attempt.
    const lastedMs = this.#options.clock.now() - this.#upAtMs;
    if (lastedMs > this.#options.backoff.maxDelayMs) this.#attempts = 0;
    link.destroy();
    this.#options.onDown();
  }

  #retryLater(): void {
    if (this.#isClosed || this.#link !== undefined || this.#cancelRetry !== undefined) return;
    if (this.#endAttempt !== undefined) return;
    const { backoff, clock, random } = this.#options;
    const delayMs = backoffMs(backoff, this.#attempts, random());
    this.#attempts += 1;
    this.#cancelRetry = clock.after(delayMs, () => {
      this.#cancelRetry = undefined;
      this.start();
    });
  }
}
