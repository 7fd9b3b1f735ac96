import type { TimerClock } from "@upshift/foundation";
import type { Call } from "./call.ts";

/** How late a deadline may fire. */
const TICK_MS = 5;
const SLOT_COUNT = 1024;
/** A loop that was blocked for longer has not listened meanwhile: that time does not count against the server. */
const MOST_TICKS_AT_ONCE = 20;

/**
 * A timer wheel: one timer for any number of deadlines, most of which are removed before they come due.
 *
 * A deadline fires within two ticks (10 ms) after its time. It fires after the event loop has read what had arrived by then, so a program that was busy does not
 * take its own pause for the server's.
 */
export class Deadlines {
  readonly #clock: TimerClock;
  readonly #expire: (call: Call) => void;
  readonly #heads: (Call | undefined)[] = Array.from({ length: SLOT_COUNT });
  #tick = 0;
  #count = 0;
  #tickedAtMs = 0;
  #cancelTimer: (() => void) | undefined;
  #sweep: NodeJS.Immediate | undefined;

  constructor(clock: TimerClock, expire: (call: Call) => void) {
    this.#clock = clock;
    this.#expire = expire;
  }

  /** @param timeoutMs - infinite: never */
  add(call: Call, timeoutMs: number): void {
    if (timeoutMs === Number.POSITIVE_INFINITY) return;
    call.dueTick = this.#tick + Math.ceil(timeoutMs / TICK_MS) + 1;
    const slot = call.dueTick % SLOT_COUNT;
    const head = this.#heads[slot];
    call.slot = slot;
    call.previous = undefined;
    call.next = head;
    if (head !== undefined) head.previous = call;
    this.#heads[slot] = call;
    this.#count += 1;
    if (this.#cancelTimer === undefined && this.#sweep === undefined) {
      this.#tickedAtMs = this.#clock.now();
      this.#startTimer();
    }
  }

  remove(call: Call): void {
    if (call.slot < 0) return;
    const { previous, next } = call;
    if (previous === undefined) this.#heads[call.slot] = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
    call.previous = undefined;
    call.next = undefined;
    call.slot = -1;
    this.#count -= 1;
  }

  /**
   * Ends the timer. What is in it never fires.
   *
   * @returns what was in it
   */
  stop(): readonly Call[] {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#sweep !== undefined) clearImmediate(this.#sweep);
    this.#sweep = undefined;
    const calls: Call[] = [];
    for (let head of this.#heads) for (; head !== undefined; head = head.next) calls.push(head);
    return calls;
  }

  #startTimer(): void {
    this.#cancelTimer = this.#clock.after(TICK_MS, () => {
      this.#cancelTimer = undefined;
      // After the poll phase: replies that are in the socket come first.
      this.#sweep = setImmediate(() => this.#advance());
    });
  }

  #advance(): void {
    this.#sweep = undefined;
    const nowMs = this.#clock.now();
    const ticks = Math.floor((nowMs - this.#tickedAtMs) / TICK_MS);
    const counted = Math.min(Math.max(ticks, 1), MOST_TICKS_AT_ONCE);
    // The rest of a tick counts towards the next one, or every deadline would be a fifth late.
    this.#tickedAtMs = ticks === counted ? this.#tickedAtMs + ticks * TICK_MS : nowMs;
    for (let step = 0; step < counted; step += 1) {
      this.#tick += 1;
      this.#expireSlot();
    }
    // `expire` may have added what started the timer.
    if (this.#count > 0 && this.#cancelTimer === undefined) this.#startTimer();
  }

  #expireSlot(): void {
    let call = this.#heads[this.#tick % SLOT_COUNT];
    while (call !== undefined) {
      const { next } = call;
      if (call.dueTick <= this.#tick) {
        this.remove(call);
        this.#expire(call);
      }
      call = next;
    }
  }
}
