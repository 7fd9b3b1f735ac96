import type { Clock } from "@upshift/foundation";

/**
 * Keeps reads away from a Redis that does not answer: opens after `failureCount` failures in a row, and after `openMs` lets one call through to see.
 */
export class Breaker {
  readonly #clock: Clock;
  readonly #mostFailures: number;
  readonly #openMs: number;
  #failureCount = 0;
  #openUntilMs = 0;

  constructor(clock: Clock, mostFailures: number, openMs: number) {
    this.#clock = clock;
    this.#mostFailures = mostFailures;
    this.#openMs = openMs;
  }

  get isOpen(): boolean {
    return this.#failureCount >= this.#mostFailures;
  }

  /** Whether a call may be made. While open, only the first after the pause may: the next waits another one. */
  allows(): boolean {
    if (!this.isOpen) return true;
    const nowMs = this.#clock.now();
    if (nowMs < this.#openUntilMs) return false;
    this.#openUntilMs = nowMs + this.#openMs;
    return true;
  }

  succeeded(): void {
    this.#failureCount = 0;
  }

  failed(): void {
    this.#failureCount += 1;
    if (this.isOpen) this.#openUntilMs = this.#clock.now() + this.#openMs;
  }
}
