/** Those in this process that wait for the load of another, by the entry's key in Redis. */
export class WakeCalls {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** @returns stops waiting */
  wait(key: string, wake: () => void): () => void {
    const waiting = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, waiting);
    waiting.add(wake);
    return () => {
      waiting.delete(wake);
      if (waiting.size === 0 && this.#waiting.get(key) === waiting) this.#waiting.delete(key);
    };
  }

  wake(key: string): void {
    for (const wake of Array.from(this.#waiting.get(key) ?? [])) wake();
  }

  wakeAll(): void {
    for (const key of Array.from(this.#waiting.keys())) this.wake(key);
  }
}
