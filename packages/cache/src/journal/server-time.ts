/** After so long a new measurement replaces a better one: clocks drift. */
const REMEMBER_MS = 60_000;

/** How far the clock of Redis is from the local one, by the quickest of the answers lately: half of its way is the error. */
export class ServerTime {
  /** Add to a time of the server to have the local one. */
  offsetMs = 0;
  #wayMs = Number.POSITIVE_INFINITY;
  #measuredAtMs = 0;

  learn(serverMs: number, sentAtMs: number, receivedAtMs: number): void {
    const wayMs = receivedAtMs - sentAtMs;
    if (wayMs > this.#wayMs && receivedAtMs - this.#measuredAtMs < REMEMBER_MS) return;
    this.#wayMs = wayMs;
    this.#measuredAtMs = receivedAtMs;
    this.offsetMs = sentAtMs + wayMs / 2 - serverMs;
  }

  toLocal(serverMs: number): number {
    return serverMs + this.offsetMs;
  }

  toServer(localMs: number): number {
    return localMs - this.offsetMs;
  }
}
