import { hasErrorCode } from "@upshift/foundation";
import {
  type Argument,
  type Redis,
  RedisTimeoutError,
  type Reply,
  type Script,
} from "@upshift/redis";
import type { Breaker } from "./breaker.ts";
import {
  BEGIN_WRITE,
  CAME_TOO_LATE,
  END_WRITE,
  EXPIRE,
  FILL,
  LEASE,
  PUT,
  RELEASE,
  REMOVE,
  RENEW,
  TOUCH,
} from "./entry-scripts.ts";

/** What Redis said to one that wants to load. */
export type LeaseAnswer =
  | { readonly is: "lease" }
  | { readonly is: "value"; readonly text: string }
  | { readonly is: "wait"; readonly forMs: number; readonly holder: string }
  | { readonly is: "closed"; readonly forMs: number }
  | { readonly is: "failed"; readonly failure: string };

/** The entries in Redis. Every call fails within its timeout, and none is made while the breaker is open, save those that invalidate. */
export class RedisLevel {
  readonly #redis: Redis;
  readonly #breaker: Breaker;
  readonly #timeoutMs: number;
  readonly #wakeChannel: string;
  readonly #options: { readonly timeoutMs: number };
  #isStarting: boolean;

  constructor(redis: Redis, breaker: Breaker, timeoutMs: number, wakeChannel: string) {
    this.#redis = redis;
    this.#breaker = breaker;
    this.#timeoutMs = timeoutMs;
    this.#options = { timeoutMs };
    this.#wakeChannel = wakeChannel;
    this.#isStarting = !redis.isReady;
    if (this.#isStarting) void this.#start();
  }

  /** Whether commands can be sent, or may soon: the first connection is waited for, or each process that starts would load by itself. */
  get isReachable(): boolean {
    return this.#redis.isReady || this.#isStarting;
  }

  /** Whether a read should be tried at all. */
  allows(): boolean {
    return this.isReachable && this.#breaker.allows();
  }

  read(key: string, timeoutMs: number): Promise<string | undefined> {
    return this.#guard(this.#send(key, timeoutMs)).then(textOf);
  }

  /**
   * {@link read} without a promise of its own: the most frequent of all calls.
   *
   * @param onFailure - gets what `read` would be rejected with
   */
  readTo(
    key: string,
    timeoutMs: number,
    onText: (text: string | undefined) => void,
    onFailure: (error: unknown) => void,
  ): void {
    this.#send(key, timeoutMs).then(
      (reply) => {
        this.#breaker.succeeded();
        onText(textOf(reply));
        return undefined;
      },
      (error: unknown) => {
        this.#note(error);
        onFailure(error);
      },
    );
  }

  #send(key: string, timeoutMs: number): Promise<Reply> {
    const options = timeoutMs === this.#timeoutMs ? this.#options : { timeoutMs };
    return this.#redis.send(["HGET", key, "v"], options);
  }

  /** @param waitedFor - token of the load that the caller has waited for, to learn how it ended */
  async lease(
    key: string,
    ask: {
      readonly token: string;
      readonly leaseMs: number;
      readonly seenHead: string;
      /** Whether others wait for it, and it for others. */
      readonly isShared: boolean;
      readonly hasStale: boolean;
      readonly waitedFor: string | undefined;
    },
    timeoutMs: number,
  ): Promise<LeaseAnswer> {
    const { token, leaseMs, seenHead, isShared, hasStale, waitedFor = "" } = ask;
    const args = [token, leaseMs, seenHead, hasStale ? "1" : "0", waitedFor, isShared ? "1" : "0"];
    const reply = await this.#guard(this.#redis.run(LEASE, [key], args, { timeoutMs }));
    const [is, what, holder] = Array.isArray(reply) ? reply : [];
    if (is === "value") return { is, text: String(what) };
    if (is === "failed") return { is, failure: String(what) };
    if (is === "closed") return { is, forMs: Number(what) };
    if (is === "wait") return { is, forMs: Number(what), holder: String(holder) };
    return { is: "lease" };
  }

  async renew(key: string, token: string, leaseMs: number): Promise<boolean> {
    return (await this.#run(RENEW, key, [token, leaseMs])) === 1;
  }

  /** @returns whether it is stored */
  async fill(
    key: string,
    token: string,
    text: string,
    keepMs: number,
    version: string,
  ): Promise<boolean> {
    return (
      (await this.#run(FILL, key, [token, text, ms(keepMs), this.#wakeChannel, version])) === 1
    );
  }

  async release(key: string, token: string, failure: string, coolMs: number): Promise<void> {
    await this.#run(RELEASE, key, [token, this.#wakeChannel, failure, ms(coolMs)]);
  }

  async touch(key: string, slidingMs: number): Promise<void> {
    await this.#run(TOUCH, key, [ms(slidingMs)]);
  }

  /**
   * @param untilMs - of the server: later it does nothing, as its caller has given it up; `undefined` where the time of the server is not known yet
   * @returns whether it is stored
   */
  async put(
    key: string,
    text: string,
    keepMs: number,
    version: string,
    untilMs: number | undefined,
  ): Promise<boolean> {
    const until = untilMs === undefined ? "" : ms(untilMs);
    const args = [text, ms(keepMs), this.#wakeChannel, version, until];
    const reply = await this.#run(PUT, key, args);
    if (reply === CAME_TOO_LATE)
      throw new RedisTimeoutError("a value to be stored", this.#timeoutMs);
    return reply === 1;
  }

  async remove(key: string, holdMs: number): Promise<void> {
    await this.#run(REMOVE, key, [this.#wakeChannel, ms(holdMs)]);
  }

  async expire(key: string): Promise<void> {
    await this.#run(EXPIRE, key, [this.#wakeChannel]);
  }

  async beginWrite(key: string, token: string, writeMs: number): Promise<void> {
    await this.#run(BEGIN_WRITE, key, [ms(writeMs), token]);
  }

  /** @returns whether it is stored */
  async endWrite(
    key: string,
    token: string,
    text: string,
    keepMs: number,
    version: string,
  ): Promise<boolean> {
    const args = [this.#wakeChannel, text, ms(keepMs), version, token];
    return (await this.#run(END_WRITE, key, args)) === 1;
  }

  async #start(): Promise<void> {
    try {
      await this.#redis.ready({ timeoutMs: this.#timeoutMs });
    } catch {
      // The first call says why.
    } finally {
      this.#isStarting = false;
    }
  }

  #run(script: Script, key: string, args: readonly Argument[]): Promise<Reply> {
    return this.#guard(this.#redis.run(script, [key], args, { timeoutMs: this.#timeoutMs }));
  }

  async #guard(reply: Promise<Reply>): Promise<Reply> {
    try {
      const value = await reply;
      this.#breaker.succeeded();
      return value;
    } catch (error) {
      this.#note(error);
      throw error;
    }
  }

  #note(error: unknown): void {
    // An error that Redis answers with is an answer.
    if (hasErrorCode(error, "UPSHIFT_REDIS_REPLY")) this.#breaker.succeeded();
    // While there is no connection nothing is sent: the breaker is for one that is there and does not answer.
    else if (!hasErrorCode(error, "UPSHIFT_REDIS_UNAVAILABLE")) this.#breaker.failed();
  }
}

const textOf = (reply: Reply): string | undefined =>
  typeof reply === "string" ? reply : undefined;
const ms = (value: number): number => Math.max(0, Math.round(value));
