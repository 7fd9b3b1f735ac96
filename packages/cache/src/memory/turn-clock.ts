import { setImmediate } from "node:timers";
import type { Clock } from "@upshift/foundation";

/**
 * A clock that is read once per turn of the event loop, and stands still within it: reading it takes longer than a hit.
 *
 * It is the end of the turn that lets it be read again, and no timer: one of a millisecond costs a server of thousands of requests per second more than
 * all of its hits, since the kernel has to be told of it before each wait.
 */
export class TurnClock implements Clock {
  readonly #clock: Clock;
  readonly #endTurn: () => void;
  /** 0 when it has to be read: a field that only ever holds numbers is quicker to read. */
  #nowMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#endTurn = () => {
      this.#nowMs = 0;
    };
  }

  now(): number {
    return this.#nowMs === 0 ? this.#read() : this.#nowMs;
  }

  #read(): number {
    this.#nowMs = this.#clock.now();
    // Not unreferenced: the loop would wait for events with it pending, and those would be told the time of before.
    setImmediate(this.#endTurn);
    return this.#nowMs;
  }
}
