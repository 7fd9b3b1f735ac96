import type { TimerClock } from "@upshift/foundation";
import { createSimulatedClock, type SimulatedClock } from "@upshift/foundation/testing";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { Call } from "./call.ts";
import { Deadlines } from "./deadlines.ts";

function call(name: string): Call {
  return new Call(
    [name],
    null,
    false,
    0,
    () => {},
    () => {},
  );
}

function wheel(clock: SimulatedClock): { deadlines: Deadlines; fired: Map<string, number> } {
  const fired = new Map<string, number>();
  const deadlines = new Deadlines(clock, ({ name }) => fired.set(name, clock.now()));
  return { deadlines, fired };
}

it("fires each deadline after its time and at most two ticks later, whatever the order", async () => {
  await fc.assert(
    fc.asyncProperty(
      // Beyond 5 s the wheel goes round more than once.
      fc.array(fc.integer({ min: 0, max: 12_000 }), { maxLength: 30 }),
      async (timeoutsMs) => {
        const clock = createSimulatedClock(1_000);
        const { deadlines, fired } = wheel(clock);
        for (const [index, timeoutMs] of timeoutsMs.entries())
          deadlines.add(call(String(index)), timeoutMs);
        await clock.advance(12_100);
        for (const [index, timeoutMs] of timeoutsMs.entries()) {
          const tookMs = (fired.get(String(index)) ?? 0) - 1_000;
          expect(tookMs).toBeGreaterThanOrEqual(timeoutMs);
          expect(tookMs).toBeLessThanOrEqual(timeoutMs + 10);
        }
      },
    ),
    { seed: 3, numRuns: 10 },
  );
});

it("fires nothing that was removed, and nothing twice", async () => {
  const clock = createSimulatedClock();
  const { deadlines, fired } = wheel(clock);
  const calls = ["a", "b", "c"].map(call);
  for (const each of calls) deadlines.add(each, 50);
  const [, second] = calls;
  if (second !== undefined) {
    deadlines.remove(second);
    deadlines.remove(second);
  }
  await clock.advance(100);
  expect([...fired.keys()].toSorted((left, right) => (left < right ? -1 : 1))).toEqual(["a", "c"]);
  fired.clear();
  await clock.advance(20_000);
  expect(fired.size).toBe(0);
});

it("runs no timer while there is nothing to wait for, and none for what waits for ever", async () => {
  const clock = createSimulatedClock();
  const { deadlines } = wheel(clock);
  deadlines.add(call("for ever"), Number.POSITIVE_INFINITY);
  expect(clock.timerCount).toBe(0);
  const short = call("short");
  deadlines.add(short, 100);
  expect(clock.timerCount).toBe(1);
  deadlines.remove(short);
  await clock.advance(50);
  expect(clock.timerCount).toBe(0);
  deadlines.add(call("again"), 100);
  deadlines.add(call("and again"), 200);
  expect(deadlines.stop()).toHaveLength(2);
  expect(clock.timerCount).toBe(0);
});

it("counts a pause of the program itself as no more than a moment of waiting", async () => {
  const clock = createSimulatedClock();
  let pauseMs = 0;
  const pausing: TimerClock = { ...clock, now: () => clock.now() + pauseMs };
  const fired: string[] = [];
  const deadlines = new Deadlines(pausing, ({ name }) => fired.push(name));
  deadlines.add(call("patient"), 500);
  // A second of computing: the timer comes late, and once.
  pauseMs = 1_000;
  await clock.advance(10);
  expect(fired).toEqual([]);
  await clock.advance(500);
  expect(fired).toEqual(["patient"]);
});
