import { once } from "node:events";
import type { ServerResponse } from "node:http";

/** What a wait gives when the client left meanwhile. */
export const GONE: unique symbol = Symbol("the client has left");

/** Whether the connection, or the stream of HTTP/2, has ended: after that nothing tells of it any more. */
export function hasLeft(res: ServerResponse): boolean {
  const stream: unknown = "stream" in res ? res.stream : res;
  return (
    typeof stream === "object" &&
    stream !== null &&
    "destroyed" in stream &&
    stream.destroyed === true
  );
}

/** Tells those who wait for something else that the connection has ended before the response. */
export class Departure {
  readonly #res: ServerResponse;
  #isGone: boolean;
  #onGone: (() => void) | undefined;

  constructor(res: ServerResponse) {
    this.#res = res;
    this.#isGone = hasLeft(res);
    res.on("close", this.#close);
  }

  readonly #close = (): void => {
    this.#isGone = true;
    this.#onGone?.();
  };

  /** One wait at a time. Not a race with one long promise: that would keep a reaction for each chunk of a long stream. */
  whileHere<Value>(work: Promise<Value>): Promise<Value | typeof GONE> {
    return new Promise((resolve, reject) => {
      this.#onGone = () => resolve(GONE);
      if (this.#isGone) resolve(GONE);
      work.then(resolve, reject);
    });
  }

  /** @returns when there is room for more */
  async drained(): Promise<void | typeof GONE> {
    const stopWaiting = new AbortController();
    const drain = once(this.#res, "drain", { signal: stopWaiting.signal });
    const outcome = await this.whileHere(drain);
    if (outcome !== GONE) return undefined;
    stopWaiting.abort();
    return GONE;
  }

  forget(): void {
    this.#onGone = undefined;
    this.#res.off("close", this.#close);
  }
}
