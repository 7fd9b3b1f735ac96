import * as fc from "fast-check";
import { expect, it } from "vitest";
import { ServerTime } from "./server-time.ts";

it("never takes an end for later than it is, in either direction, and errs by no more than the way", () => {
  const ms = fc.double({ min: 0, max: 500, noNaN: true });
  fc.assert(
    fc.property(
      fc.integer({ min: -1e9, max: 1e9 }),
      fc.array(fc.tuple(ms, ms), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 0, max: 1e7 }),
      (offsetMs, answers, endMs) => {
        const time = new ServerTime();
        let nowMs = 1e12;
        for (const [thereMs, backMs] of answers) {
          const sentAtMs = nowMs;
          nowMs += thereMs;
          const serverMs = Math.floor(nowMs - offsetMs);
          nowMs += backMs;
          time.learn(serverMs, sentAtMs, nowMs);
          nowMs += 100;
        }
        const bestMs = Math.min(...answers.map(([thereMs, backMs]) => thereMs + backMs));
        // A thousandth of a millisecond for what doubles of this size cannot tell apart.
        const localErrorMs = time.toLocal(endMs) - (endMs + offsetMs);
        expect(localErrorMs).toBeLessThanOrEqual(0.001);
        expect(localErrorMs).toBeGreaterThanOrEqual(-bestMs - 1.001);
        const serverErrorMs = time.toServer(endMs) - (endMs - offsetMs);
        expect(serverErrorMs).toBeLessThanOrEqual(0.001);
        expect(serverErrorMs).toBeGreaterThanOrEqual(-bestMs - 1.001);
      },
    ),
    { seed: 8, numRuns: 500 },
  );
});
