import type { Clock, TimerClock } from "@upshift/foundation";

/** After so long the time is read again, as soon as the running code lets a timer run. */
const RESOLUTION_MS = 1;

/** A clock that reads the time once per millisecond: reading it takes longer than a hit. Within one turn of the event loop it stands still. */
export class CoarseClock implements Clock {
  readonly #clock: TimerClock;
  /** 0 when it has to be read: a field that only ever holds numbers is quicker to read. */
  #nowMs = 0;
  #cancel: () => void = () => {};

  constructor(clock: TimerClock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#nowMs === 0 ? this.#read() : this.#nowMs;
  }

  close(): void {
    this.#cancel();
    this.#nowMs = 0;
  }

  #read(): number {
    this.#nowMs = this.#clock.now();
    this.#cancel = this.#clock.after(RESOLUTION_MS, () => void (this.#nowMs = 0), {
      isBackground: true,
    });
    return this.#nowMs;
  }
}
