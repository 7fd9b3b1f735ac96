import type { TracingChannel } from "node:diagnostics_channel";
import type { CacheMessage, TimerClock } from "@upshift/foundation";
import type { Announced, Journal } from "../journal/journal.ts";
import type { News } from "../journal/news.ts";
import { parseGlob } from "./glob.ts";
import type { Before } from "./before.ts";
import { Holds } from "./holds.ts";
import type { Invalidated } from "./invalidated.ts";
import { type Pending, PendingInvalidations } from "./pending.ts";
import { RecentKeys } from "./recent-keys.ts";
import type { RedisRemoval } from "./redis-removal.ts";
import { RecentNews } from "./recent-news.ts";
import type { TagTimes } from "./tag-times.ts";

/** `applied`: Redis and this process; `queued`: this process, and Redis as soon as it can be reached; `local`: there is no Redis, and other processes were not told. */
export type InvalidationStatus = "applied" | "queued" | "local";

const RETRY_MS = 1_000;

/** Carries out invalidations: in this process at once, then in Redis, then by the journal in all others. */
export class Applier {
  readonly #namespace: string;
  readonly #channel: TracingChannel<string, CacheMessage>;
  readonly #clock: TimerClock;
  readonly #tagTimes: TagTimes;
  readonly #definitions: ReadonlyMap<string, Invalidated>;
  readonly #redis: RedisRemoval | undefined;
  readonly #onError: (error: unknown) => void;
  readonly #pending = new PendingInvalidations();
  readonly #recent: RecentKeys;
  readonly #own: RecentNews;
  readonly #holds: Holds;
  #journal: Journal | undefined;
  #cancelRetry: (() => void) | undefined;
  #flushing: Promise<boolean> | undefined;
  #isClosed = false;
  /** What was answered on both sides of one may have come from a master whose word is lost. */
  #failoverCount = 0;

  constructor(parts: {
    readonly namespace: string;
    readonly channel: TracingChannel<string, CacheMessage>;
    readonly clock: TimerClock;
    readonly tagTimes: TagTimes;
    readonly definitions: ReadonlyMap<string, Invalidated>;
    readonly redis: RedisRemoval | undefined;
    readonly onError: (error: unknown) => void;
  }) {
    this.#namespace = parts.namespace;
    this.#channel = parts.channel;
    this.#clock = parts.clock;
    this.#tagTimes = parts.tagTimes;
    this.#definitions = parts.definitions;
    this.#redis = parts.redis;
    this.#onError = parts.onError;
    this.#recent = new RecentKeys(parts.clock);
    this.#own = new RecentNews(parts.clock);
    this.#holds = new Holds(parts.clock);
  }

  /** The journal tells this one, and is told by it. */
  connect(journal: Journal): void {
    this.#journal = journal;
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  /** Whether Redis may still have what was invalidated here. */
  isPending(definition: string, key: string): boolean {
    return this.#pending.covers(definition, key);
  }

  isOlderThanRecent(clock: number, definition: string, key: string): boolean {
    return clock < this.#recent.clockOf(`${definition}:${key}`);
  }

  /** Whether loads may store nothing, since the database may answer with what was before. */
  isHeld(definition: string, key: string): boolean {
    return this.#holds.has(`${definition}:${key}`);
  }

  /**
   * @param toRedis - what is to be done there before the others are told; it starts before this returns
   * @throws {CacheNotAcknowledgedError} when it is applied and others have not said that they heard of it
   */
  async apply(
    news: readonly News[],
    isStrict: boolean,
    toRedis?: () => Promise<void>,
  ): Promise<InvalidationStatus> {
    // A write is published as such.
    if (!this.#channel.start.hasSubscribers || toRedis !== undefined)
      return await this.#apply(news, isStrict, toRedis ?? (() => this.#toRedis(news)));
    const message = messageOf(this.#namespace, news);
    return await this.#channel.tracePromise(async () => {
      message.status = await this.#apply(news, isStrict, () => this.#toRedis(news));
      return message.status;
    }, message);
  }

  async #apply(
    news: readonly News[],
    isStrict: boolean,
    toRedis: () => Promise<void>,
  ): Promise<InvalidationStatus> {
    const ordinal = this.#begin(news);
    if (this.#redis?.allows() === false) return this.#queue(news);
    const failoverCount = this.#failoverCount;
    let clock: number;
    let heard: Promise<void> | undefined;
    try {
      await toRedis();
      ({ clock, heard } = await this.#announce(news, isStrict));
    } catch (error) {
      if (this.#redis === undefined) throw error;
      this.#onError(error);
      return this.#queue(news);
    }
    if (failoverCount !== this.#failoverCount) {
      // It is invalidated once more: whether all have heard of the first time is not asked any longer.
      heard?.catch(() => {});
      return this.#queue(news);
    }
    this.#settle(news, { clock, ordinal });
    await heard;
    return this.#redis === undefined ? "local" : "applied";
  }

  /** What the journal tells. */
  hear(news: readonly News[], clock: number, isOwn: boolean): void {
    for (const each of news) {
      if (each[0] === "tag") this.#tagTimes.raise(each[1], clock, isOwn);
      if (each[0] === "key") this.#note(each, clock);
    }
    // What this process began took effect when it began, and does so once more when Redis has answered.
    if (isOwn) return;
    this.#inMemory(news, { clock, ordinal: this.#tagTimes.tick() });
  }

  onFailover(): void {
    this.#failoverCount += 1;
    const lost = this.#own.list();
    if (lost.length === 0) return;
    this.#begin(lost);
    this.#queue(lost);
    void this.flush();
  }

  /** Tries again what Redis has not taken. @returns whether nothing is left */
  flush(): Promise<boolean> {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelRetry?.();
    this.#holds.clear();
  }

  #begin(news: readonly News[]): number {
    for (const each of news) if (each[0] === "tag") this.#tagTimes.begin(each[1]);
    const ordinal = this.#tagTimes.tick();
    this.#inMemory(news, { clock: Number.POSITIVE_INFINITY, ordinal });
    // From now on, and once more from when Redis has it: it may be a while until then.
    for (const each of news) if (each[0] === "key") this.#hold(each);
    return ordinal;
  }

  #queue(news: readonly News[]): InvalidationStatus {
    // While Redis was asked, something may have been read from there once more.
    this.#inMemory(news, { clock: Number.POSITIVE_INFINITY, ordinal: this.#tagTimes.tick() });
    // What was to be stored there is not what is there: it has to go.
    const replaced = this.#pending.add(news.map(asRemoval));
    if (replaced.length > 0) {
      const everything: News = ["tag", "*"];
      this.#begin([everything]);
      for (const each of replaced) this.#settlePending(each, 0);
    }
    this.#retryLater();
    return "queued";
  }

  #retryLater(): void {
    if (this.#isClosed || this.#cancelRetry !== undefined) return;
    this.#cancelRetry = this.#clock.after(
      RETRY_MS,
      () => {
        this.#cancelRetry = undefined;
        void this.#retry();
      },
      { isBackground: true },
    );
  }

  async #retry(): Promise<void> {
    if (!(await this.flush())) this.#retryLater();
  }

  async #flush(): Promise<boolean> {
    const pending = this.#pending.list();
    if (pending.length === 0) return true;
    const news = pending.map((each) => each.news);
    const ordinal = this.#tagTimes.ordinal;
    const failoverCount = this.#failoverCount;
    try {
      await this.#toRedis(news);
      const { clock } = await this.#announce(news, false);
      if (failoverCount !== this.#failoverCount) return false;
      for (const each of pending) this.#settlePending(each, clock);
      this.#settle(
        news.filter((each) => each[0] !== "tag"),
        { clock, ordinal },
      );
    } catch (error) {
      this.#onError(error);
      return false;
    }
    return this.#pending.size === 0;
  }

  #settlePending(pending: Pending, clock: number): void {
    this.#pending.remove(pending);
    const { news, count } = pending;
    if (news[0] !== "tag") return;
    for (let call = 0; call < count; call += 1) this.#tagTimes.settle(news[1], clock);
  }

  async #toRedis(news: readonly News[]): Promise<void> {
    const redis = this.#redis;
    if (redis === undefined) return;
    await Promise.all(
      news.map(async (each) => {
        if (each[0] === "key") await redis.remove(each[1], each[2], each[3]);
        else if (each[0] === "expire") await redis.expire(each[1], each[2]);
        else if (each[0] === "pattern") await redis.removeMatching(each[1]);
      }),
    );
  }

  async #announce(news: readonly News[], isStrict: boolean): Promise<Announced> {
    if (this.#journal === undefined) throw new TypeError("no journal");
    return await this.#journal.announce(news, isStrict);
  }

  /** Redis has it, and everybody is being told. */
  #settle(news: readonly News[], before: Before): void {
    for (const each of news) {
      if (each[0] === "tag") this.#tagTimes.settle(each[1], before.clock);
      if (each[0] === "key") this.#note(each, before.clock);
    }
    this.#inMemory(news, before);
    if (this.#redis !== undefined) this.#own.add(news.map(asRemoval));
  }

  #note(news: KeyNews, clock: number): void {
    if (this.#redis !== undefined) this.#recent.add(`${news[1]}:${news[2]}`, clock);
    this.#hold(news);
  }

  #hold([, definition, key, holdMs]: KeyNews): void {
    this.#holds.add(`${definition}:${key}`, holdMs);
  }

  #inMemory(news: readonly News[], before: Before): void {
    for (const each of news) {
      if (each[0] === "tag") {
        for (const definition of this.#definitions.values()) definition.leaveFlights(before);
      } else if (each[0] === "pattern") {
        const pattern = parseGlob(each[1]);
        for (const definition of this.#definitions.values())
          definition.forgetMatching(pattern, before);
      } else if (each[0] === "expire") {
        this.#definitions.get(each[1])?.expire(each[2], before);
      } else {
        this.#definitions.get(each[1])?.forget(each[2], before);
      }
    }
  }
}

type KeyNews = Extract<News, readonly ["key", ...unknown[]]>;

/** What is not known to be stored has to go. */
const asRemoval = (news: News): News => (news[0] === "set" ? ["key", news[1], news[2], 0] : news);

function messageOf(namespace: string, news: readonly News[]): CacheMessage {
  const [first] = news;
  const isOfKey = first !== undefined && first[0] !== "tag" && first[0] !== "pattern";
  return {
    operation: "invalidate",
    namespace,
    ...(isOfKey ? { definition: first[1] } : {}),
    ...(isOfKey && news.length === 1 ? { key: first[2] } : {}),
  };
}
