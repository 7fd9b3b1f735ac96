import { createSimulatedClock } from "@upshift/foundation/testing";
import { expect, test } from "vitest";
import { startDeadline } from "./deadline.ts";

const late = () => new Error("late");

test("ends with the caller's reason, or with its own when the time is up", async () => {
  const clock = createSimulatedClock();
  const abort = new AbortController();
  const first = startDeadline({ signal: abort.signal, timeoutMs: 100, clock, reason: late });
  abort.abort(new Error("enough"));
  expect(first.signal.reason).toMatchObject({ message: "enough" });
  await clock.advance(100);
  expect(first.signal.reason).toMatchObject({ message: "enough" });
  const second = startDeadline({ signal: undefined, timeoutMs: 100, clock, reason: late });
  await clock.advance(99);
  expect(second.signal.aborted).toBe(false);
  await clock.advance(1);
  expect(second.signal.reason).toMatchObject({ message: "late" });
  const third = startDeadline({ signal: abort.signal, timeoutMs: 0, clock, reason: late });
  expect(third.signal.reason).toMatchObject({ message: "enough" });
});

test("lets go of the timer and of the caller's signal", () => {
  const clock = createSimulatedClock();
  const abort = new AbortController();
  const deadline = startDeadline({ signal: abort.signal, timeoutMs: 100, clock, reason: late });
  deadline.end();
  expect(clock.timerCount).toBe(0);
  abort.abort();
  expect(deadline.signal.aborted).toBe(false);
});
