import {
  type Argument,
  type Redis,
  RedisReplyError,
  type Reply,
  type WaitOptions,
} from "@upshift/redis";
import { type Entry, type EntryItem, type ItemKind, parseEntry } from "./entry.ts";
import { FOLD_DEAD, REVIVE } from "./scripts/dead-letter-scripts.ts";
import { PUT } from "./scripts/put-script.ts";
import { ACKNOWLEDGE, BURY, HASTEN, RELEASE, RENEW } from "./scripts/settle-scripts.ts";
import type { ShardScript } from "./scripts/shard-script.ts";
import { TAKE } from "./scripts/take-script.ts";
import { SHARD_PARTS, shardKey, type ShardPart } from "./shard-keys.ts";

export interface PutRequest extends EntryItem {
  readonly key: string;
  readonly maxDelayMs: number;
  /** A key that is not dirty yet is refused. */
  readonly isFull: boolean;
  /** The item holds all items of the entry with this sequence, and takes their place. */
  readonly replaces?: string;
}

export type PutAnswer =
  | {
      readonly is: "put";
      readonly sequence: string;
      /** `undefined` when it is due earlier already. */ readonly dueInMs: number | undefined;
    }
  | { readonly is: "full" | "long" | "changed" };

export interface TakenEntry extends Entry {
  readonly shard: Shard;
  readonly token: string;
  readonly key: string;
  /** Failed tries of this change by itself. */
  readonly tryCount: number;
}

export interface Taken {
  readonly entries: readonly TakenEntry[];
  /** Until there is more to take; `undefined` when nothing is there. */
  readonly nextInMs: number | undefined;
}

/** Patches that may wait for one key unmerged; each put of one copies those before it. */
const MOST_ITEMS = 64;
const MOST_ITEM_BYTES = 256 * 1024;
/** Entries in one reply. */
const MOST_TAKEN_BYTES = 8 * 1024 * 1024;
const LONG_DEAD_LETTER = 256;
/** Keys that one call makes due. */
const HASTEN_PAGE = 1_000;

/** One shard in Redis: its scripts with types. */
export class Shard {
  readonly index: number;
  readonly #redis: Redis;
  readonly #keys: readonly string[];
  #knowsFlags = true;
  #pendingCount = 0;
  #deadLetterCount = 0;
  #oldestPendingMs: number | undefined;

  constructor(redis: Redis, namespace: string, name: string, index: number) {
    this.index = index;
    this.#redis = redis;
    this.#keys = SHARD_PARTS.map((part) => shardKey(namespace, name, index, part));
  }

  // What Redis said last.

  get pendingCount(): number {
    return this.#pendingCount;
  }

  get deadLetterCount(): number {
    return this.#deadLetterCount;
  }

  get oldestPendingMs(): number | undefined {
    return this.#oldestPendingMs;
  }

  async put(request: PutRequest, options?: WaitOptions): Promise<PutAnswer> {
    const { key, kind, payload, maxDelayMs, isFull, replaces = "" } = request;
    const args = [key, kind, payload, maxDelayMs, isFull ? "1" : "0"];
    const limits = [MOST_ITEMS, MOST_ITEM_BYTES, replaces];
    const reply = listOf(await this.#run(PUT, [...args, ...limits], options));
    const sequence = String(reply[0]);
    const dueInMs = notNegative(reply[1]);
    this.#pendingCount = notNegative(reply[2]) ?? this.#pendingCount;
    if (sequence === "full" || sequence === "long" || sequence === "changed")
      return { is: sequence };
    return { is: "put", sequence, dueInMs };
  }

  async read(keys: readonly string[], options?: WaitOptions): Promise<(Entry | undefined)[]> {
    return await this.#entries("dirty", keys, options);
  }

  /** @throws what the port throws; what was taken then waits for the end of its lease */
  async take(limit: number, leaseMs: number, token: string): Promise<Taken> {
    const args = [limit, leaseMs, token, MOST_TAKEN_BYTES];
    const reply = listOf(await this.#run(TAKE, args, { asBuffers: true }));
    const [nextInMs, pendingCount, deadLetterCount, oldestPendingMs, ...rest] = reply;
    this.#pendingCount = Number(pendingCount);
    this.#deadLetterCount = Number(deadLetterCount);
    this.#oldestPendingMs = notNegative(oldestPendingMs);
    const entries: TakenEntry[] = [];
    for (let index = 0; index + 2 < rest.length; index += 3) {
      const bytes = rest[index + 1];
      if (!Buffer.isBuffer(bytes)) continue;
      entries.push({
        ...parseEntry(bytes),
        shard: this,
        token,
        key: String(rest[index]),
        tryCount: Number(rest[index + 2]),
      });
    }
    return { entries, nextInMs: notNegative(nextInMs) };
  }

  /**
   * @param entries - all taken under `token`
   * @returns whether each was still held; and those whose dead letter is to be merged
   */
  async acknowledge(
    token: string,
    entries: readonly TakenEntry[],
    maxDelayMs: number,
  ): Promise<{ readonly isHeld: readonly boolean[]; readonly longKeys: readonly string[] }> {
    const args = entries.flatMap((entry) => [entry.key, entry.sequence, entry.changeCount]);
    const reply = await this.#run(ACKNOWLEDGE, [token, maxDelayMs, LONG_DEAD_LETTER, ...args]);
    const [pendingCount, ...answers] = listOf(reply);
    this.#pendingCount = Number(pendingCount);
    return {
      isHeld: entries.map((_, index) => answers[index] !== 0),
      longKeys: entries.filter((_, index) => answers[index] === 2).map(({ key }) => key),
    };
  }

  /** @returns `full` when there are too many dead letters: it is still held then */
  async bury(
    entry: TakenEntry,
    settings: { readonly maxDelayMs: number; readonly mostLetters: number },
    why: { readonly tryCount: number; readonly code: string },
  ): Promise<"buried" | "lost" | "full"> {
    const { token, key, sequence, changeCount } = entry;
    const { maxDelayMs, mostLetters } = settings;
    const taken = [token, key, sequence, changeCount];
    const args = [...taken, maxDelayMs, mostLetters, why.tryCount, why.code];
    const answer = await this.#run(BURY, args);
    if (answer === -1) return "full";
    return answer === 0 ? "lost" : "buried";
  }

  async release(
    token: string,
    keys: readonly string[],
    options: { readonly delayMs: number; readonly isTry: boolean },
  ): Promise<void> {
    await this.#run(RELEASE, [token, options.delayMs, options.isTry ? "1" : "0", ...keys]);
  }

  /** Gives back whatever is held under these tokens. */
  async releaseAll(tokens: ReadonlySet<string>): Promise<void> {
    const reply = listOf(await this.#redis.send(["HGETALL", this.#key("holder")]));
    for (const token of tokens) {
      const keys = reply
        .filter((_, index) => index % 2 === 0 && reply[index + 1] === token)
        .map(String);
      if (keys.length > 0) await this.release(token, keys, { delayMs: 0, isTry: false });
    }
  }

  /** @returns the keys that are no longer held */
  async renew(
    token: string,
    keys: readonly string[],
    leaseMs: number,
    options: WaitOptions,
  ): Promise<readonly string[]> {
    return listOf(await this.#run(RENEW, [token, leaseMs, ...keys], options)).map(String);
  }

  /** Makes everything due. @returns the last sequence given out */
  async hasten(options?: WaitOptions): Promise<string> {
    for (;;) {
      const [sequence, count] = listOf(await this.#run(HASTEN, [HASTEN_PAGE], options));
      if (Number(count) < HASTEN_PAGE) return String(sequence);
    }
  }

  /** Keys with changes up to this sequence that are not written. */
  async countUpTo(sequence: string, options?: WaitOptions): Promise<number> {
    const command = ["ZCOUNT", this.#key("age"), "-inf", sequence] as const;
    return Number(await this.#redis.send([...command], options));
  }

  async countPending(options?: WaitOptions): Promise<number> {
    const count = Number(await this.#redis.send(["HLEN", this.#key("dirty")], options));
    this.#pendingCount = count;
    return count;
  }

  async countDeadLetters(options?: WaitOptions): Promise<number> {
    const count = Number(await this.#redis.send(["HLEN", this.#key("dead")], options));
    this.#deadLetterCount = count;
    return count;
  }

  /** Bounded by the most dead letters that are kept. */
  async deadLetterKeys(options?: WaitOptions): Promise<readonly string[]> {
    const reply = await this.#redis.send(["HKEYS", this.#key("dead")], options);
    return listOf(reply).map(String);
  }

  async readDeadLetters(
    keys: readonly string[],
    options?: WaitOptions,
  ): Promise<(Entry | undefined)[]> {
    return await this.#entries("dead", keys, options);
  }

  /** `failedAtMs tryCount code` of each dead letter. */
  async readReasons(
    keys: readonly string[],
    options?: WaitOptions,
  ): Promise<(string | undefined)[]> {
    const reply = await this.#redis.send(["HMGET", this.#key("why"), ...keys], options);
    return listOf(reply).map((text) => (typeof text === "string" ? text : undefined));
  }

  async revive(key: string, options?: WaitOptions): Promise<string> {
    return String(await this.#run(REVIVE, [key], options));
  }

  /** @returns whether the letter was still the one with this sequence */
  async foldDead(
    key: string,
    sequence: string,
    { kind, payload }: { readonly kind: ItemKind; readonly payload: string },
  ): Promise<boolean> {
    return (await this.#run(FOLD_DEAD, [key, sequence, kind, payload])) === 1;
  }

  async discardDead(keys: readonly string[], options?: WaitOptions): Promise<number> {
    await this.#redis.send(["HDEL", this.#key("why"), ...keys], options);
    return Number(await this.#redis.send(["HDEL", this.#key("dead"), ...keys], options));
  }

  #key(part: ShardPart): string {
    return this.#keys[SHARD_PARTS.indexOf(part)] ?? "";
  }

  async #entries(
    part: "dirty" | "dead",
    keys: readonly string[],
    options?: WaitOptions,
  ): Promise<(Entry | undefined)[]> {
    const command = ["HMGET", this.#key(part), ...keys] as const;
    const reply = listOf(await this.#redis.send([...command], { ...options, asBuffers: true }));
    return reply.map((bytes) => (Buffer.isBuffer(bytes) ? parseEntry(bytes) : undefined));
  }

  async #run(
    { script, plain }: ShardScript,
    args: readonly Argument[],
    options?: WaitOptions & { readonly asBuffers?: boolean },
  ): Promise<Reply> {
    if (!this.#knowsFlags || script === plain)
      return await this.#redis.run(plain, this.#keys, args, options);
    try {
      return await this.#redis.run(script, this.#keys, args, options);
    } catch (error) {
      // Before Redis 7 a script could not begin with its flags.
      if (!(error instanceof RedisReplyError) || !/compil/i.test(error.message)) throw error;
      this.#knowsFlags = false;
      return await this.#redis.run(plain, this.#keys, args, options);
    }
  }
}

function listOf(reply: Reply): readonly Reply[] {
  return Array.isArray(reply) ? reply : [];
}

function notNegative(reply: Reply | undefined): number | undefined {
  const number = Number(reply);
  return number < 0 ? undefined : number;
}
