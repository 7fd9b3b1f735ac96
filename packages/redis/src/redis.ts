import type { Script } from "./script.ts";

/** A key as its text, or as its bytes where it is no UTF-8. */
export type Key = string | Buffer;

/** What goes into a command. Numbers are written as JavaScript writes them. */
export type Argument = string | number | Buffer;

/**
 * What Redis answers, in the shape of RESP2 whatever protocol the client speaks: a map is a flat array of field, value, …; a double is text; true is 1 and false
 * is 0; a simple string is text; nothing is `null`. Bulk strings are text, or buffers where `asBuffers` asks for them. An integer beyond 2^53 - 64 loses its last
 * digits: have a script return it as text.
 */
export type Reply = string | number | null | Buffer | readonly Reply[];

export interface CommandOptions {
  /** Decides the node in a cluster. Default: the command's first argument. `null` for a command that has no key (PING, TIME, PUBLISH): any master. */
  readonly key?: Key | null;
  /** Gives bulk strings as buffers. Default is text in UTF-8. */
  readonly asBuffers?: boolean;
  /** Ends the wait with `signal.reason`; whether the command ran stays unknown. */
  readonly signal?: AbortSignal | undefined;
  /** Ends the wait with {@link RedisTimeoutError}; default: that of the connection. Waiting for a connection counts. */
  readonly timeoutMs?: number;
}

/** What a call of a pattern accepts: how long it may take, and what ends it. */
export type CallOptions = Pick<CommandOptions, "signal" | "timeoutMs">;

/** One node, or whatever else answers commands. */
export interface CommandTarget {
  /**
   * @param command - name, then arguments
   * @throws {InvalidArgumentError} for a command that would change or hold up a connection that is shared: SELECT, MULTI, BLPOP, …
   * @throws {RedisReplyError} when Redis answers with an error
   * @throws {RedisTimeoutError} when it does not answer in time; the command may have run
   * @throws {RedisConnectionLostError} when the connection ends before the answer; the command may have run
   * @throws {RedisUnavailableError} when there is no connection and the command cannot wait for one; it did not run
   */
  send(
    command: readonly [name: string, ...args: Argument[]],
    options?: CommandOptions,
  ): Promise<Reply>;
}

/**
 * The port that everything here and in the cache is written against: one Redis, or a cluster, through ioredis, node-redis or memory.
 *
 * All calls are bounded by their timeout. Calls may be made concurrently; those made in one tick share a write where the client can.
 */
export interface Redis extends CommandTarget {
  readonly kind: "single" | "cluster";
  /** True while commands can be sent at once. */
  readonly isReady: boolean;
  /**
   * Resolves when commands can be sent, at once if they can. Nobody has to wait for it: commands wait by themselves.
   *
   * @throws {RedisUnavailableError} with what stands in the way, after `timeoutMs` (default: that of connecting)
   */
  ready(options?: WaitOptions): Promise<void>;
  /**
   * Runs a script by its hash, and loads it where the server does not have it (any more).
   *
   * @param keys - in a cluster all of one slot; the first decides the node
   */
  run(
    script: Script,
    keys: readonly string[],
    args: readonly Argument[],
    options?: CommandOptions,
  ): Promise<Reply>;
  /** Every master as it is known now: for what goes over all keys (SCAN). A single server is its own master. */
  masters(): Promise<readonly CommandTarget[]>;
  /**
   * Receives messages on a connection of its own. Resolves once Redis has confirmed the subscription, which from then on comes back by itself.
   *
   * @throws {RedisUnavailableError} when it is not confirmed within `timeoutMs` (default: that of connecting); nothing is left behind then
   */
  subscribe(subscriber: Subscriber, options?: WaitOptions): Promise<Subscription>;
  /**
   * A connection of its own, for commands that block (BLPOP, XREAD BLOCK). Its commands have no timeout but those they carry or are given; when the connection is lost
   * they fail, and the next one waits for a new connection.
   */
  dedicate(): Promise<DedicatedConnection>;
  /** Tells when the connection is lost and when it is back; a cluster also tells when its masters changed. */
  watch(watcher: ConnectionWatcher): () => void;
  gauges(): RedisGauges;
  /**
   * Takes no more commands, waits for those on their way (bounded by `timeoutMs`, default 5 s), closes every connection it made. A client that was given
   * stays open.
   */
  close(options?: { readonly timeoutMs?: number }): Promise<void>;
}

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
}

export interface Subscriber {
  readonly channels: readonly string[];
  /** @param message - as it was published, in UTF-8 */
  onMessage(message: string, channel: string): void;
  /** The subscription is lost: messages from now on are lost with it. */
  onDown?(): void;
  /** It is back: what was published since `onDown` has been missed. Not called for the first time. */
  onUp?(): void;
}

export interface Subscription {
  readonly isUp: boolean;
  close(): Promise<void>;
}

export interface DedicatedConnection extends CommandTarget {
  close(): Promise<void>;
}

export interface ConnectionWatcher {
  onDown?(): void;
  onReady?(): void;
  /** A replica was promoted, or slots moved: writes that the old master had acknowledged may be lost. */
  onFailover?(): void;
}

export interface RedisGauges {
  /** Commands sent and not answered yet. */
  readonly pendingCount: number;
  /** Commands that wait for a connection. */
  readonly queuedCount: number;
  readonly commandCount: number;
  readonly errorCount: number;
  readonly timeoutCount: number;
  readonly reconnectCount: number;
}
