import type { Redis, Subscription } from "@upshift/redis";
import { type Message, readMessage } from "./news.ts";

export interface NewsListener {
  /** The line stands: what is published from now on is heard. */
  onSubscribed(): void;
  /** It was lost for a while. */
  onUp(): void;
  onMessage(clock: number, number: number, message: Message): void;
  /** Of a later version: what it says is not known. */
  onUnreadable(): void;
  /** A load that is waited for has ended. */
  onWake(key: string): void;
  /** Another process has acted on a message of this one. */
  onHeard(text: string): void;
  onError(error: unknown): void;
}

export const newsChannelOf = (namespace: string): string => `{${namespace}}:news`;
export const wakeChannelOf = (namespace: string): string => `{${namespace}}:wake`;
/** On which a process hears that others have acted on what it said. */
export const heardChannelOf = (namespace: string, member: string): string =>
  `{${namespace}}:heard:${member}`;

/** What is published for this process. Nobody waits for it: the heartbeat tells as well what was invalidated, only later. */
export class NewsLine {
  readonly #redis: Redis;
  readonly #listener: NewsListener;
  readonly #timeoutMs: number;
  readonly #newsChannel: string;
  readonly #wakeChannel: string;
  readonly #heardChannel: string;
  #subscription: Promise<Subscription> | undefined;

  constructor(
    redis: Redis,
    listener: NewsListener,
    options: { readonly namespace: string; readonly member: string; readonly timeoutMs: number },
  ) {
    this.#redis = redis;
    this.#listener = listener;
    this.#timeoutMs = options.timeoutMs;
    this.#newsChannel = newsChannelOf(options.namespace);
    this.#wakeChannel = wakeChannelOf(options.namespace);
    this.#heardChannel = heardChannelOf(options.namespace, options.member);
  }

  /** Subscribes, unless it has or is about to. */
  open(): void {
    if (this.#subscription !== undefined) return;
    const subscribing = this.#redis.subscribe(
      {
        channels: [this.#newsChannel, this.#wakeChannel, this.#heardChannel],
        onMessage: (text, channel) => this.#receive(text, channel),
        onUp: () => this.#listener.onUp(),
      },
      { timeoutMs: this.#timeoutMs },
    );
    this.#subscription = subscribing;
    void this.#await(subscribing);
  }

  async close(): Promise<void> {
    try {
      await (await this.#subscription)?.close();
    } catch {
      // There is nothing to end.
    }
  }

  async #await(subscribing: Promise<Subscription>): Promise<void> {
    try {
      await subscribing;
      this.#listener.onSubscribed();
    } catch (error) {
      this.#subscription = undefined;
      this.#listener.onError(error);
    }
  }

  #receive(text: string, channel: string): void {
    if (channel === this.#wakeChannel) {
      this.#listener.onWake(text);
      return;
    }
    if (channel === this.#heardChannel) {
      this.#listener.onHeard(text);
      return;
    }
    const [clockText = "", numberText = ""] = text.split(" ", 2);
    const clock = Number(clockText);
    const message = readMessage(text.slice(clockText.length + numberText.length + 2));
    if (message === undefined || !Number.isFinite(clock)) this.#listener.onUnreadable();
    else this.#listener.onMessage(clock, Number(numberText), message);
  }
}
