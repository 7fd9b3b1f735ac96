import type { TimerClock } from "@upshift/foundation";

/** Ticks of a whole timeout. A wait begins between two of them, so it ends up to a tick early: what was promised to end within a time does. */
const TICKS = 17;

/** What is called back. It is waited for by one timer at a time, which keeps its place here. */
export interface Wait {
  /** Called when the time is over. */
  expire(): void;
  dueTick: number;
  previous: Wait | undefined;
  next: Wait | undefined;
}

/** Ends waits. */
export interface WaitTimer {
  add(wait: Wait): void;
  /** Does nothing for one that it does not wait for. */
  remove(wait: Wait): void;
}

/**
 * One timer for many waits that are all as long as each other: a timer for each costs more than the wait.
 *
 * It counts ticks rather than time, so a process that stood still gives what it waited for a moment to arrive. Waits end after 94 to 100 % of the timeout.
 */
export class SharedTimer implements WaitTimer {
  readonly #timeoutMs: number;
  readonly #clock: TimerClock;
  // All wait as long, so whoever came first is due first; a list, as a `Set` that fills and empties costs more in collections than all else here.
  #first: Wait | undefined;
  #last: Wait | undefined;
  #tick = 0;
  #cancelTick: (() => void) | undefined;

  constructor(timeoutMs: number, clock: TimerClock) {
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
  }

  add(wait: Wait): void {
    wait.dueTick = this.#tick + TICKS;
    wait.previous = this.#last;
    if (this.#last === undefined) this.#first = wait;
    else this.#last.next = wait;
    this.#last = wait;
    if (this.#cancelTick === undefined) this.#start();
  }

  remove(wait: Wait): void {
    if (wait.previous === undefined && this.#first !== wait) return;
    if (wait.previous === undefined) this.#first = wait.next;
    else wait.previous.next = wait.next;
    if (wait.next === undefined) this.#last = wait.previous;
    else wait.next.previous = wait.previous;
    wait.previous = undefined;
    wait.next = undefined;
    if (this.#first !== undefined) return;
    // Nothing is waited for: it must not keep the process alive.
    this.#cancelTick?.();
    this.#cancelTick = undefined;
  }

  #start(): void {
    this.#cancelTick = this.#clock.after(this.#timeoutMs / TICKS, () => this.#advance());
  }

  #advance(): void {
    this.#cancelTick = undefined;
    this.#tick += 1;
    for (let wait = this.#first; wait !== undefined && wait.dueTick <= this.#tick;) {
      this.remove(wait);
      wait.expire();
      wait = this.#first;
    }
    // A wait that ended may have begun another.
    if (this.#first !== undefined && this.#cancelTick === undefined) this.#start();
  }
}
