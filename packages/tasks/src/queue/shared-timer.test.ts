import { createSimulatedClock } from "@upshift/foundation/testing";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { SharedTimer, type Wait } from "./shared-timer.ts";

const TIMEOUT_MS = 170;
/** One of its 17 ticks. */
const TICK_MS = 10;

function wait(expire: () => void): Wait {
  return { expire, dueTick: 0, previous: undefined, next: undefined };
}

test("a wait ends once, at most a tick early and never late; one that was taken out never", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          afterMs: fc.integer({ min: 0, max: 40 }),
          removedAfterMs: fc.option(fc.integer({ min: 0, max: 300 })),
        }),
        { minLength: 1, maxLength: 30 },
      ),
      async (plans) => {
        const clock = createSimulatedClock();
        const timer = new SharedTimer(TIMEOUT_MS, clock);
        let atMs = clock.now();
        const begun: { readonly atMs: number; readonly removedAtMs: number; ends: number[] }[] = [];
        for (const { afterMs, removedAfterMs } of plans) {
          atMs += afterMs;
          await clock.advance(afterMs);
          const ends: number[] = [];
          const one = wait(() => ends.push(clock.now()));
          timer.add(one);
          const removedAtMs = removedAfterMs === null ? Infinity : atMs + removedAfterMs;
          if (removedAfterMs !== null) clock.after(removedAfterMs, () => timer.remove(one));
          begun.push({ atMs, removedAtMs, ends });
        }
        await clock.advance(1_000);
        for (const { atMs: startMs, removedAtMs, ends } of begun) {
          const fewest = removedAtMs > startMs + TIMEOUT_MS ? 1 : 0;
          const most = removedAtMs < startMs + TIMEOUT_MS - TICK_MS ? 0 : 1;
          expect(ends.length).toBeGreaterThanOrEqual(fewest);
          expect(ends.length).toBeLessThanOrEqual(most);
          for (const endMs of ends) {
            expect(endMs - startMs).toBeLessThanOrEqual(TIMEOUT_MS);
            expect(endMs - startMs).toBeGreaterThanOrEqual(TIMEOUT_MS - TICK_MS);
          }
        }
      },
    ),
    { seed: 20_261_122, numRuns: 200 },
  );
});

test("it keeps no timer once nothing is waited for", () => {
  let running = 0;
  const clock = {
    now: () => 0,
    after() {
      running += 1;
      return () => void (running -= 1);
    },
  };
  const timer = new SharedTimer(TIMEOUT_MS, clock);
  const waits = [wait(() => {}), wait(() => {}), wait(() => {})];
  for (const each of waits) timer.add(each);
  expect(running).toBe(1);
  // From the middle, the end, the beginning; and what is not in it.
  for (const index of [1, 2, 0, 0]) timer.remove(waits[index] ?? wait(() => {}));
  expect(running).toBe(0);
});

test("what ends one wait may begin another", async () => {
  const clock = createSimulatedClock();
  const timer = new SharedTimer(TIMEOUT_MS, clock);
  let ends = 0;
  const again = wait(() => {
    ends += 1;
    if (ends < 3) timer.add(again);
  });
  timer.add(again);
  await clock.advance(3 * TIMEOUT_MS);
  expect(ends).toBe(3);
});
