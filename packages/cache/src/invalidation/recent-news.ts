import type { Clock } from "@upshift/foundation";
import type { News } from "../journal/news.ts";

const KEEP_MS = 60_000;
const MOST_NEWS = 10_000;

/** What this process has invalidated lately: a failover may have lost it although Redis had confirmed it. */
export class RecentNews {
  readonly #clock: Clock;
  #news: { readonly news: News; readonly atMs: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(news: readonly News[]): void {
    const atMs = this.#clock.now();
    for (const each of news) this.#news.push({ news: each, atMs });
    if (this.#news.length > 2 * MOST_NEWS) this.#news = this.#news.slice(-MOST_NEWS);
  }

  list(): readonly News[] {
    const horizonMs = this.#clock.now() - KEEP_MS;
    this.#news = this.#news.filter(({ atMs }) => atMs >= horizonMs);
    return this.#news.map(({ news }) => news);
  }
}
