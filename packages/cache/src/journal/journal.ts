import type { News } from "./news.ts";

/** What a journal tells the cache. */
export interface JournalReader {
  /** @param clock - of the journal; what was loaded with a lower one is older than the news. @param isOwn - this process has begun it */
  onNews(news: readonly News[], clock: number, isOwn: boolean): void;
  /** Some news were missed and cannot be had any more. */
  onMissed(): void;
  /** Redis answers (again). */
  onReachable(): void;
  /** What Redis has confirmed lately may be lost. */
  onFailover(): void;
  onError(error: unknown): void;
}

export interface Announced {
  readonly clock: number;
  /** When asked for: all others have acted on it, or cannot believe what they have in memory any more. */
  readonly heard: Promise<void> | undefined;
}

/** Where invalidations are written down in one order for all processes. */
export interface Journal {
  /** The highest clock whose news, and all before, have been heard. A load that begins now is at least as new. */
  readonly clock: number;
  /** Until when memory may be believed (ms, local). */
  readonly trustedUntilMs: number;
  readonly isInSync: boolean;
  /**
   * Tells all processes, this one included.
   *
   * @throws when Redis has not taken it, or has not said so
   */
  announce(news: readonly News[], isStrict: boolean): Promise<Announced>;
  /** Hears what there is to hear. @returns whether it could */
  sync(): Promise<boolean>;
  /** {@link sync} for all that ask in the same tick; asks Redis every time. */
  confirm(): Promise<boolean>;
  close(): Promise<void>;
}
