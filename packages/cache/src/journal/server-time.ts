/** After so long a new measurement replaces a better one: clocks drift. */
const REMEMBER_MS = 60_000;
/** What is cut off from the time of the server. */
const ROUNDED_MS = 1;

/**
 * How far the clock of Redis is from the local one, by the quickest of the answers lately: it was read somewhere on the way between question and answer.
 *
 * Of all times that it may have been, both directions take the one that lets a value end earliest: no memory keeps it for longer than Redis.
 */
export class ServerTime {
  #leastOffsetMs = 0;
  #mostOffsetMs = 0;
  #wayMs = Number.POSITIVE_INFINITY;
  #measuredAtMs = 0;

  /** Whether there was an answer yet; without one, both clocks are taken for the same. */
  get isKnown(): boolean {
    return this.#wayMs !== Number.POSITIVE_INFINITY;
  }

  /** @param serverMs - rounded down */
  learn(serverMs: number, sentAtMs: number, receivedAtMs: number): void {
    const wayMs = receivedAtMs - sentAtMs;
    if (wayMs > this.#wayMs && receivedAtMs - this.#measuredAtMs < REMEMBER_MS) return;
    this.#wayMs = wayMs;
    this.#measuredAtMs = receivedAtMs;
    this.#leastOffsetMs = sentAtMs - serverMs - ROUNDED_MS;
    this.#mostOffsetMs = receivedAtMs - serverMs;
  }

  toLocal(serverMs: number): number {
    return serverMs + this.#leastOffsetMs;
  }

  toServer(localMs: number): number {
    return localMs - this.#mostOffsetMs;
  }
}
