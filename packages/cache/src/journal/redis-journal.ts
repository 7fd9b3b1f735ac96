import { hasErrorCode, type TimerClock } from "@upshift/foundation";
import type { Redis, Reply, Subscription } from "@upshift/redis";
import { EVERYTHING, type TagTimes } from "../invalidation/tag-times.ts";
import { Acknowledgements } from "./acknowledgements.ts";
import type { Announced, Journal, JournalReader } from "./journal.ts";
import { ANNOUNCE, BEAT } from "./journal-scripts.ts";
import { type Message, type News, readMessage, writeMessage } from "./news.ts";
import { pairs, parseEntries } from "./journal-replies.ts";
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

/** How many messages one that was away can catch up on; beyond that it forgets all it has in memory. */
const LOG_LENGTH = 10_000;
/** Tags that are read at the start; with more, those of older values are asked for one by one. */
const MOST_TAGS_AT_START = 10_000;
/** A member that was not heard of for so long has no memory that anybody believes. */
const FORGET_MEMBER_MS = 3_600_000;

/** The journal that processes share through Redis: a numbered message for everything, a log for those who missed some, a heartbeat for those who do not know that they did. */
export class RedisJournal implements Journal {
  readonly #redis: Redis;
  readonly #reader: JournalReader;
  readonly #tagTimes: TagTimes;
  readonly #serverTime: ServerTime;
  readonly #options: RedisJournalOptions;
  readonly #keys: readonly [clock: string, log: string, tags: string, members: string];
  readonly #channel: string;
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
  #subscription: Promise<Subscription> | undefined;
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
    this.#redis = redis;
    this.#reader = reader;
    this.#tagTimes = tagTimes;
    this.#serverTime = serverTime;
    this.#options = options;
    const prefix = `{${options.namespace}}:`;
    this.#keys = [`${prefix}clock`, `${prefix}log`, `${prefix}tags`, `${prefix}members`];
    this.#channel = `${prefix}news`;
    this.#acknowledgements = new Acknowledgements(options.clock, options.member);
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
    const reply = await this.#redis.send(["ZMSCORE", this.#keys[2], "", ...tags], { timeoutMs });
    const [since, ...times] = Array.isArray(reply) ? reply : [];
    // What the journal does not know of may have happened.
    if (typeof since !== "string" || Number(since) > clock) return false;
    for (const [index, time] of times.entries()) {
      const tag = tags[index];
      if (tag !== undefined && typeof time === "string")
        this.#tagTimes.raise(tag, Number(time), false);
    }
    return true;
  }

  async announce(news: readonly News[], isStrict: boolean): Promise<Announced> {
    const { member, timeoutMs, keepTagsMs } = this.#options;
    const message: Message = { from: member, news, isAcknowledged: isStrict };
    const tags = news.flatMap((each) => (each[0] === "tag" ? [each[1]] : []));
    const reply = await this.#redis.run(
      ANNOUNCE,
      this.#keys,
      [
        this.#channel,
        writeMessage(message),
        Math.ceil(keepTagsMs() * 1_000),
        LOG_LENGTH,
        FORGET_MEMBER_MS,
        ...tags,
      ],
      { timeoutMs },
    );
    const [clockText, numberText, serverMs, members] = Array.isArray(reply) ? reply : [];
    const clock = Number(clockText);
    this.#hear(clock, Number(numberText), message);
    const heard = isStrict
      ? this.#acknowledgements.wait(clock, Number(serverMs), pairs(members))
      : undefined;
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
    const { member, timeoutMs } = this.#options;
    await Promise.all([
      this.#subscription?.then((subscription) => subscription.close()).catch(() => {}),
      this.#redis.isReady
        ? this.#redis
            .send(["ZREM", this.#keys[3], this.#memberEntry(member)], { timeoutMs })
            .catch(() => {})
        : undefined,
    ]);
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
      this.#subscribe();
      const [clockText, numberText, serverMs] = await this.#beat();
      this.#serverTime.learn(Number(serverMs), sentAtMs, this.#options.clock.now());
      await this.#arriveAt(Number(clockText), Number(numberText));
      if (lossCount !== this.#lossCount) return false;
      this.#trustFrom(sentAtMs);
      return true;
    } catch (error) {
      this.#reader.onError(error);
      return false;
    }
  }

  /** @returns clock, count of messages, ms of the server */
  async #beat(): Promise<readonly Reply[]> {
    const { member, timeoutMs } = this.#options;
    const sentAtMs = this.#options.clock.now();
    const everything: Message = { from: "", news: [["tag", EVERYTHING]], isAcknowledged: false };
    const args = [
      this.#channel,
      this.#memberEntry(member),
      this.clock,
      writeMessage(everything),
      LOG_LENGTH,
      this.#number,
    ];
    try {
      const reply = await this.#redis.run(BEAT, this.#keys, args, { timeoutMs });
      this.#beatAtMs = sentAtMs;
      return Array.isArray(reply) ? reply : [];
    } catch (error) {
      // A Redis that is full takes nothing, and still tells what has happened.
      if (!hasErrorCode(error, "UPSHIFT_REDIS_REPLY") || !error.message.includes("OOM"))
        throw error;
      const [reply, time] = await Promise.all([
        this.#redis.send(["HMGET", this.#keys[0], "c", "s"], { timeoutMs }),
        this.#redis.send(["TIME"], { key: null, timeoutMs }),
      ]);
      const [clock = null, number = null] = Array.isArray(reply) ? reply : [];
      const [seconds, micros] = Array.isArray(time) ? time : [];
      if (number === null || Number(clock) < this.clock || Number(number) < this.#number)
        throw error;
      return [clock, number, Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000)];
    }
  }

  async #confirm(): Promise<boolean> {
    if (!this.#hasStarted) return this.sync();
    try {
      const sentAtMs = this.#options.clock.now();
      const lossCount = this.#lossCount;
      const { timeoutMs } = this.#options;
      const reply = await this.#redis.send(["HMGET", this.#keys[0], "c", "s"], { timeoutMs });
      const [clockText, numberText] = Array.isArray(reply) ? reply : [];
      const number = Number(numberText ?? Number.NaN);
      // No more than what was heard: nothing has happened. Anything else is looked into.
      if (
        number !== this.#number ||
        Number(clockText) < this.clock ||
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
    const { timeoutMs } = this.#options;
    // Numbers that begin again belong to a journal that was lost.
    if (number < this.#number) return await this.#startAnew(number);
    const reply = await this.#redis.send(["XRANGE", this.#keys[1], `(${this.clock}`, "+"], {
      timeoutMs,
    });
    for (const entry of parseEntries(reply)) {
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
    const { timeoutMs } = this.#options;
    this.#tagTimes.knownSince = Number.POSITIVE_INFINITY;
    const most = MOST_TAGS_AT_START - 1;
    const reply = await this.#redis.send(["ZREVRANGE", this.#keys[2], 0, most, "WITHSCORES"], {
      timeoutMs,
    });
    const tags = pairs(reply);
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

  /** Not waited for: the heartbeat tells as well what was invalidated, only later. */
  #subscribe(): void {
    if (this.#subscription !== undefined) return;
    const subscribing = this.#redis.subscribe(
      {
        channels: [this.#channel, this.#wakeChannel, this.#acknowledgementChannel],
        onMessage: (text, channel) => this.#receive(text, channel),
        onUp: () => void this.sync(),
      },
      { timeoutMs: this.#options.timeoutMs },
    );
    this.#subscription = subscribing;
    void this.#awaitSubscription(subscribing);
  }

  async #awaitSubscription(subscribing: Promise<Subscription>): Promise<void> {
    try {
      await subscribing;
      this.#isSubscribed = true;
      if (this.isInSync) this.#trustFrom(this.#syncedAtMs);
    } catch (error) {
      this.#subscription = undefined;
      this.#reader.onError(error);
    }
  }

  get #wakeChannel(): string {
    return `{${this.#options.namespace}}:wake`;
  }

  get #acknowledgementChannel(): string {
    return `{${this.#options.namespace}}:heard:${this.#options.member}`;
  }

  #receive(text: string, channel: string): void {
    if (channel === this.#wakeChannel) {
      this.#options.wake(text);
      return;
    }
    if (channel === this.#acknowledgementChannel) {
      this.#acknowledgements.receive(text);
      return;
    }
    const [clockText = "", numberText = ""] = text.split(" ", 2);
    const clock = Number(clockText);
    const message = readMessage(text.slice(clockText.length + numberText.length + 2));
    if (!this.#hasStarted) return;
    if (message === undefined || !Number.isFinite(clock)) {
      // Of a later version: what it says is not known, so nothing that was known before can be believed.
      this.#reader.onMissed();
      return;
    }
    this.#hear(clock, Number(numberText), message);
    if (message.isAcknowledged && message.from !== this.#options.member) {
      const { member, namespace, timeoutMs } = this.#options;
      const heard = `{${namespace}}:heard:${message.from}`;
      this.#redis
        .send(["PUBLISH", heard, `${member} ${clock}`], { key: null, timeoutMs })
        .catch((error: unknown) => this.#reader.onError(error));
    }
  }

  /** Whoever waits for this process must know for how long after its heartbeat it believes its memory: between two it may ask and read as well. */
  #memberEntry(member: string): string {
    return `${member} ${this.#options.disconnectedTtlMs + this.#options.heartbeatMs}`;
  }
}
