import type { TimerClock } from "@upshift/foundation";
import type { Redis } from "@upshift/redis";
import type { TagTimes } from "../invalidation/tag-times.ts";
import { Acknowledgements } from "./acknowledgements.ts";
import type { Announced, Journal, JournalReader } from "./journal.ts";
import { JournalStore } from "./journal-store.ts";
import type { Message, News } from "./news.ts";
import { heardChannelOf, NewsLine, newsChannelOf } from "./news-line.ts";
import type { ServerTime } from "./server-time.ts";

export interface RedisJournalOptions {
  readonly namespace: string;
  /** Of this process. */
  readonly member: string;
  readonly clock: TimerClock;
  readonly heartbeatMs: number;
  /** For how long after it was last in sync memory is believed. */
  readonly disconnectedTtlMs: number;
  readonly timeoutMs: number;
  /** Tags are kept as long as anything may live that carries them. */
  readonly keepTagsMs: () => number;
  readonly wake: (key: string) => void;
}

/** The journal that processes share through Redis: a numbered message for everything, a log for those who missed some, a heartbeat for those who do not know that they did. */
export class RedisJournal implements Journal {
  readonly #reader: JournalReader;
  readonly #tagTimes: TagTimes;
  readonly #serverTime: ServerTime;
  readonly #options: RedisJournalOptions;
  readonly #store: JournalStore;
  readonly #line: NewsLine;
  readonly #acknowledgements: Acknowledgements;
  readonly #stopWatching: () => void;
  clock = 0;
  trustedUntilMs = 0;
  #number = 0;
  #syncedAtMs = Number.NEGATIVE_INFINITY;
  /** When this process was last heard of. */
  #beatAtMs = Number.NEGATIVE_INFINITY;
  /** Redis was lost so often: what it said before says nothing of what it has now. */
  #lossCount = 0;
  #isSubscribed = false;
  #hasStarted = false;
  #hasTags = false;
  #isClosed = false;
  #cancelBeat: () => void = () => {};
  #syncing: Promise<boolean> | undefined;
  #confirming: Promise<boolean> | undefined;

  constructor(
    redis: Redis,
    reader: JournalReader,
    tagTimes: TagTimes,
    serverTime: ServerTime,
    options: RedisJournalOptions,
  ) {
    this.#reader = reader;
    this.#tagTimes = tagTimes;
    this.#serverTime = serverTime;
    this.#options = options;
    const { namespace, member, disconnectedTtlMs, heartbeatMs } = options;
    this.#store = new JournalStore(redis, {
      ...options,
      newsChannel: newsChannelOf(namespace),
      // Whoever waits for this process must know for how long after its heartbeat it believes its memory: between two it may ask and read as well.
      memberEntry: `${member} ${disconnectedTtlMs + heartbeatMs}`,
    });
    this.#line = new NewsLine(
      redis,
      {
        onSubscribed: () => {
          this.#isSubscribed = true;
          if (this.isInSync) this.#trustFrom(this.#syncedAtMs);
        },
        onUp: () => void this.sync(),
        onMessage: (clock, number, message) => this.#receive(clock, number, message),
        // What it says is not known, so nothing that was known before can be believed.
        onUnreadable: () => {
          if (this.#hasStarted) this.#reader.onMissed();
        },
        onWake: options.wake,
        onHeard: (text) => this.#acknowledgements.receive(text),
        onError: (error) => this.#reader.onError(error),
      },
      options,
    );
    this.#acknowledgements = new Acknowledgements(options.clock, member);
    this.#stopWatching = redis.watch({
      onDown: () => this.#distrustRedis(),
      onReady: () => {
        void this.sync();
        this.#reader.onReachable();
      },
      onFailover: () => {
        this.#distrustRedis();
        this.#reader.onFailover();
        void this.sync();
      },
    });
    void this.sync();
    this.#beatLater();
  }

  get isInSync(): boolean {
    const { clock, disconnectedTtlMs } = this.#options;
    return this.#hasStarted && clock.now() < this.#syncedAtMs + disconnectedTtlMs;
  }

  /** See {@link RedisParts.askTags}. */
  async askTags(tags: readonly string[], clock: number, timeoutMs: number): Promise<boolean> {
    const { since, times } = await this.#store.timesOf(tags, timeoutMs);
    // What the journal does not know of may have happened.
    if (since === undefined || since > clock) return false;
    for (const [index, time] of times.entries()) {
      const tag = tags[index];
      if (tag !== undefined && time !== undefined) this.#tagTimes.raise(tag, time, false);
    }
    return true;
  }

  async announce(news: readonly News[], isStrict: boolean): Promise<Announced> {
    const { member, keepTagsMs } = this.#options;
    const message: Message = { from: member, news, isAcknowledged: isStrict };
    const { clock, number, serverMs, members } = await this.#store.announce(message, keepTagsMs());
    this.#hear(clock, number, message);
    const heard = isStrict ? this.#acknowledgements.wait(clock, serverMs, members) : undefined;
    return { clock, heard };
  }

  sync(): Promise<boolean> {
    this.#syncing ??= this.#sync().finally(() => {
      this.#syncing = undefined;
    });
    return this.#syncing;
  }

  confirm(): Promise<boolean> {
    // Those of one turn share a question, which goes out after all of them have asked: when no promise has anything left to do.
    this.#confirming ??= new Promise((resolve) => {
      process.nextTick(() => {
        this.#confirming = undefined;
        resolve(this.#confirm());
      });
    });
    return this.#confirming;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.trustedUntilMs = 0;
    this.#cancelBeat();
    this.#stopWatching();
    this.#acknowledgements.close();
    await Promise.all([this.#line.close(), this.#store.leave().catch(() => {})]);
  }

  #beatLater(): void {
    if (this.#isClosed) return;
    const { clock, heartbeatMs } = this.#options;
    this.#cancelBeat = clock.after(
      heartbeatMs,
      () => {
        void this.sync().then(() => this.#beatLater());
      },
      { isBackground: true },
    );
  }

  async #sync(): Promise<boolean> {
    if (this.#isClosed) return false;
    try {
      const sentAtMs = this.#options.clock.now();
      const lossCount = this.#lossCount;
      this.#line.open();
      const beat = await this.#store.beat({ clock: this.clock, number: this.#number });
      if (beat.isNoted) this.#beatAtMs = sentAtMs;
      this.#serverTime.learn(beat.serverMs, sentAtMs, this.#options.clock.now());
      await this.#arriveAt(beat.clock, beat.number);
      if (lossCount !== this.#lossCount) return false;
      this.#trustFrom(sentAtMs);
      return true;
    } catch (error) {
      this.#reader.onError(error);
      return false;
    }
  }

  async #confirm(): Promise<boolean> {
    if (!this.#hasStarted) return this.sync();
    try {
      const sentAtMs = this.#options.clock.now();
      const lossCount = this.#lossCount;
      const { clock, number } = await this.#store.position();
      // No more than what was heard: nothing has happened. Anything else is looked into.
      if (
        number !== this.#number ||
        clock < this.clock ||
        lossCount !== this.#lossCount ||
        !this.isInSync
      ) {
        // One that is on its way may have been answered before what has just been seen.
        await this.#syncing;
        return await this.sync();
      }
      // Who waits for this process counts from when it was last heard of.
      this.#trustFrom(Math.min(sentAtMs, this.#beatAtMs + this.#options.heartbeatMs));
      return true;
    } catch (error) {
      this.#reader.onError(error);
      return false;
    }
  }

  /** It may come back with an older memory: it is believed once it has been asked again. */
  #distrustRedis(): void {
    this.#lossCount += 1;
    this.#syncedAtMs = Number.NEGATIVE_INFINITY;
  }

  #trustFrom(sentAtMs: number): void {
    if (this.#isClosed) return;
    this.#syncedAtMs = Math.max(this.#syncedAtMs, sentAtMs);
    if (this.#isSubscribed)
      this.trustedUntilMs = this.#syncedAtMs + this.#options.disconnectedTtlMs;
  }

  async #arriveAt(clock: number, number: number): Promise<void> {
    if (!this.#hasStarted) {
      this.clock = clock;
      this.#number = number;
      this.#hasStarted = true;
      // What was loaded before was loaded without hearing of anything.
      this.#reader.onMissed();
    }
    if (!this.#hasTags) await this.#readTags();
    // Messages that came after the answer have been heard already.
    if (clock < this.clock) return;
    if (number !== this.#number) await this.#catchUp(number);
    this.clock = Math.max(this.clock, clock);
  }

  /** @param number - that of the last message there is */
  async #catchUp(number: number): Promise<void> {
    // Numbers that begin again belong to a journal that was lost.
    if (number < this.#number) return await this.#startAnew(number);
    for (const entry of await this.#store.messagesAfter(this.clock)) {
      // Heard while the answer was on its way.
      if (entry.clock <= this.clock) continue;
      if (entry.number !== this.#number + 1) break;
      this.#hear(entry.clock, entry.number, entry.message);
    }
    if (this.#number < number) await this.#startAnew(number);
  }

  /** What happened in between is not to be had: nothing that was known before can be believed. */
  async #startAnew(number: number): Promise<void> {
    this.#number = number;
    this.#hasTags = false;
    this.#reader.onMissed();
    await this.#readTags();
  }

  async #readTags(): Promise<void> {
    this.#tagTimes.knownSince = Number.POSITIVE_INFINITY;
    const tags = await this.#store.recentTags();
    for (const [tag, at] of tags) if (tag !== "") this.#tagTimes.raise(tag, at, false);
    // The most recent come first: of a full page, what is older than the last is not known.
    const since = tags.find(([tag]) => tag === "") ?? tags.at(-1);
    if (since !== undefined) this.#tagTimes.knownSince = since[1];
    this.#hasTags = true;
  }

  /** @param clock - of a message, in whatever order it comes */
  #hear(clock: number, number: number, message: Message): void {
    if (clock <= this.clock) return;
    const isNext = number === this.#number + 1;
    this.#reader.onNews(message.news, clock, message.from === this.#options.member);
    if (!isNext) {
      if (this.#hasStarted) void this.sync();
      return;
    }
    this.#number = number;
    this.clock = clock;
  }

  #receive(clock: number, number: number, message: Message): void {
    if (!this.#hasStarted) return;
    this.#hear(clock, number, message);
    const { member, namespace } = this.#options;
    if (!message.isAcknowledged || message.from === member) return;
    this.#store
      .publish(heardChannelOf(namespace, message.from), `${member} ${clock}`)
      .catch((error: unknown) => this.#reader.onError(error));
  }
}
