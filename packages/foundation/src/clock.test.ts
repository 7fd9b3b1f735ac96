import { expect, test } from "vitest";
import { delay, systemClock } from "./clock.ts";
import { createSimulatedClock } from "./testing/simulated-clock.ts";

test("timers run in order of time, then of start, and what they start in time runs too", async () => {
  const clock = createSimulatedClock(1_000);
  const ran: string[] = [];
  const note = (name: string) => () => void ran.push(`${name} at ${clock.now()}`);
  clock.after(20, note("second"));
  clock.after(10, () => {
    note("first")();
    clock.after(5, note("started"));
  });
  clock.after(20, note("third"));
  const cancel = clock.after(15, note("cancelled"));
  cancel();
  await clock.advance(19);
  expect(ran).toEqual(["first at 1010", "started at 1015"]);
  await clock.advance(1);
  expect(ran.slice(2)).toEqual(["second at 1020", "third at 1020"]);
  expect(clock.timerCount).toBe(0);
  expect(clock.now()).toBe(1_020);
});

test("an aborted wait ends with the signal's reason and leaves no timer", async () => {
  const clock = createSimulatedClock();
  const abort = new AbortController();
  const waiting = delay(clock, 100, abort.signal);
  const reason = new Error("enough");
  abort.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  expect(clock.timerCount).toBe(0);
  await expect(delay(clock, 100, abort.signal)).rejects.toBe(reason);
});

test("a timer longer than Node allows does not fire at once, and can be cancelled", async () => {
  let ran = false;
  const cancel = systemClock.after(2 ** 31 + 10, () => {
    ran = true;
  });
  await delay(systemClock, 5);
  expect(ran).toBe(false);
  cancel();
});
