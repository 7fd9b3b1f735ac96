import { hasErrorCode } from "@upshift/foundation";
import type { Redis, Reply } from "@upshift/redis";
import { EVERYTHING } from "../invalidation/tag-times.ts";
import { type JournalEntry, pairs, parseEntries } from "./journal-replies.ts";
import { ANNOUNCE, BEAT } from "./journal-scripts.ts";
import { type Message, type News, writeMessage } from "./news.ts";

/** How far the journal has come. */
export interface Position {
  readonly clock: number;
  /** Count of messages. */
  readonly number: number;
}

export interface Beat extends Position {
  /** ms of the server. */
  readonly serverMs: number;
  /** Whether this process is noted as a member. */
  readonly isNoted: boolean;
}

export interface Written extends Position {
  readonly serverMs: number;
  readonly members: readonly (readonly [entry: string, heardAtMs: number])[];
}

/** How many messages one that was away can catch up on; beyond that it forgets all it has in memory. */
const LOG_LENGTH = 10_000;
/** Tags that are read at the start; with more, those of older values are asked for one by one. */
const MOST_TAGS_AT_START = 10_000;
/** A member that was not heard of for so long has no memory that anybody believes. */
const FORGET_MEMBER_MS = 3_600_000;

/** The journal as it lies in Redis. */
export class JournalStore {
  readonly #redis: Redis;
  readonly #timeoutMs: number;
  readonly #keys: readonly [clock: string, log: string, tags: string, members: string];
  readonly #newsChannel: string;
  /** Of this process: its name, and for how long its memory may be believed after it was heard of. */
  readonly #memberEntry: string;

  constructor(
    redis: Redis,
    options: {
      readonly namespace: string;
      readonly memberEntry: string;
      readonly newsChannel: string;
      readonly timeoutMs: number;
    },
  ) {
    this.#redis = redis;
    this.#timeoutMs = options.timeoutMs;
    this.#newsChannel = options.newsChannel;
    this.#memberEntry = options.memberEntry;
    const prefix = `{${options.namespace}}:`;
    this.#keys = [`${prefix}clock`, `${prefix}log`, `${prefix}tags`, `${prefix}members`];
  }

  async announce(message: Message, keepTagsMs: number): Promise<Written> {
    const reply = await this.#redis.run(
      ANNOUNCE,
      this.#keys,
      [
        this.#newsChannel,
        writeMessage(message),
        Math.ceil(keepTagsMs * 1_000),
        LOG_LENGTH,
        FORGET_MEMBER_MS,
        ...message.news.flatMap((each) => (each[0] === "tag" ? [each[1]] : [])),
      ],
      { timeoutMs: this.#timeoutMs },
    );
    const [clock, number, serverMs, members] = listOf(reply);
    return {
      clock: Number(clock),
      number: Number(number),
      serverMs: Number(serverMs),
      members: pairs(members),
    };
  }

  /** This process is there, and has heard of everything up to a position. */
  async beat(heard: Position): Promise<Beat> {
    const news: readonly News[] = [["tag", EVERYTHING]];
    const everything = writeMessage({ from: "", news, isAcknowledged: false });
    const args = [
      this.#newsChannel,
      this.#memberEntry,
      heard.clock,
      everything,
      LOG_LENGTH,
      heard.number,
    ];
    try {
      const reply = await this.#redis.run(BEAT, this.#keys, args, { timeoutMs: this.#timeoutMs });
      const [clock, number, serverMs] = listOf(reply).map(Number);
      return { clock: clock ?? 0, number: number ?? 0, serverMs: serverMs ?? 0, isNoted: true };
    } catch (error) {
      // A Redis that is full takes nothing, and still tells what has happened.
      if (!hasErrorCode(error, "UPSHIFT_REDIS_REPLY") || !error.message.includes("OOM"))
        throw error;
      const [position, time] = await Promise.all([
        this.position(),
        this.#redis.send(["TIME"], { key: null, timeoutMs: this.#timeoutMs }),
      ]);
      const [seconds, micros] = listOf(time).map(Number);
      if (
        Number.isNaN(position.number) ||
        position.clock < heard.clock ||
        position.number < heard.number
      )
        throw error;
      const serverMs = (seconds ?? 0) * 1_000 + Math.floor((micros ?? 0) / 1_000);
      return { ...position, serverMs, isNoted: false };
    }
  }

  /** Its number is `NaN` when there is no journal. */
  async position(): Promise<Position> {
    const reply = await this.#redis.send(["HMGET", this.#keys[0], "c", "s"], {
      timeoutMs: this.#timeoutMs,
    });
    const [clock, number] = listOf(reply);
    return { clock: Number(clock), number: Number(number ?? Number.NaN) };
  }

  /** Messages after a clock. */
  async messagesAfter(clock: number): Promise<readonly JournalEntry[]> {
    const reply = await this.#redis.send(["XRANGE", this.#keys[1], `(${clock}`, "+"], {
      timeoutMs: this.#timeoutMs,
    });
    return parseEntries(reply);
  }

  /** The tags that were invalidated last, the most recent first; one without name says since when all are there. */
  async recentTags(): Promise<readonly (readonly [tag: string, clock: number])[]> {
    const most = MOST_TAGS_AT_START - 1;
    const reply = await this.#redis.send(["ZREVRANGE", this.#keys[2], 0, most, "WITHSCORES"], {
      timeoutMs: this.#timeoutMs,
    });
    return pairs(reply);
  }

  /** @returns since when all tags are there, and the clock of each: `undefined` for none */
  async timesOf(
    tags: readonly string[],
    timeoutMs: number,
  ): Promise<{
    readonly since: number | undefined;
    readonly times: readonly (number | undefined)[];
  }> {
    const reply = await this.#redis.send(["ZMSCORE", this.#keys[2], "", ...tags], { timeoutMs });
    const [since, ...times] = listOf(reply).map(scoreOf);
    return { since, times };
  }

  async leave(): Promise<void> {
    if (!this.#redis.isReady) return;
    await this.#redis.send(["ZREM", this.#keys[3], this.#memberEntry], {
      timeoutMs: this.#timeoutMs,
    });
  }

  async publish(channel: string, text: string): Promise<void> {
    await this.#redis.send(["PUBLISH", channel, text], { key: null, timeoutMs: this.#timeoutMs });
  }
}

const listOf = (reply: Reply | undefined): readonly Reply[] => (Array.isArray(reply) ? reply : []);

const scoreOf = (reply: Reply): number | undefined =>
  typeof reply === "string" ? Number(reply) : undefined;
