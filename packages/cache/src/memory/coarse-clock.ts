import type { Clock, TimerClock } from "@upshift/foundation";

/** After so long the time is read again, as soon as the running code lets a timer run. */
const RESOLUTION_MS = 1;

/** A clock that reads the time once per millisecond: reading it takes longer than a hit. Within one turn of the event loop it stands still. */
export class CoarseClock implements Clock {
  readonly #clock: TimerClock;
  #nowMs: number | undefined;
  #cancel: () => void = () => {};

  constructor(clock: TimerClock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#nowMs ?? this.#read();
  }

  close(): void {
    this.#cancel();
    this.#nowMs = undefined;
  }

  #read(): number {
    this.#nowMs = this.#clock.now();
    this.#cancel = this.#clock.after(RESOLUTION_MS, () => void (this.#nowMs = undefined), {
      isBackground: true,
    });
    return this.#nowMs;
  }
}
