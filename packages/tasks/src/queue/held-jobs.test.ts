import { createSimulatedClock } from "@upshift/foundation/testing";
import { expect, test } from "vitest";
import { createHeldJobs } from "./held-jobs.ts";

const LOCK_MS = 800;

function start(timeoutMs?: number) {
  const clock = createSimulatedClock(1_000_000);
  const held = createHeldJobs({ queue: "q", lockMs: LOCK_MS, timeoutMs, clock });
  return { clock, held, hold: (id: string) => held.hold(id, clock.now()) };
}

test("a lock that is not confirmed is lost when it can have ended, not before", async () => {
  const { clock, hold } = start();
  const job = hold("a");
  await clock.advance(LOCK_MS - 1);
  expect(job.reason).toBeUndefined();
  await clock.advance(1);
  expect(job.reason).toMatchObject({ code: "UPSHIFT_JOB_LOCK_LOST" });
  // Asked for afterwards, it is aborted already.
  expect(job.signal.aborted).toBe(true);
  expect(job.signal.reason).toBe(job.reason);
});

test("a lock that is confirmed again and again is held for as long", async () => {
  const { clock, held, hold } = start();
  const job = hold("a");
  const { signal } = job;
  for (let renewal = 0; renewal < 20; renewal++) {
    await clock.advance(LOCK_MS / 2);
    held.renewed(["a", "of another worker"], clock.now());
  }
  expect(signal.aborted).toBe(false);
  await clock.advance(2 * LOCK_MS);
  expect(signal.aborted).toBe(true);
});

test("a lock is as old as the question that renewed it, not as the answer", async () => {
  const { clock, held, hold } = start();
  // No multiple of the time between two looks.
  await clock.advance(37);
  const job = hold("a");
  await clock.advance(LOCK_MS / 2);
  const askedAtMs = clock.now();
  await clock.advance(LOCK_MS / 4);
  held.renewed(["a"], askedAtMs);
  await clock.advance((LOCK_MS * 3) / 4 - 1);
  expect(job.reason).toBeUndefined();
  await clock.advance(1);
  expect(job.reason).toMatchObject({ code: "UPSHIFT_JOB_LOCK_LOST" });
});

test("what the backend says is lost is lost at once, and only that", () => {
  const { held, hold } = start();
  const [a, b] = [hold("a"), hold("b")];
  held.lost(["a", "unknown"]);
  expect(a.reason).toMatchObject({ code: "UPSHIFT_JOB_LOCK_LOST" });
  expect(b.reason).toBeUndefined();
});

test("the first reason stays", async () => {
  const { clock, held, hold } = start(100);
  const job = hold("a");
  const { signal } = job;
  await clock.advance(100);
  expect(signal.reason).toMatchObject({ code: "UPSHIFT_JOB_TIMEOUT" });
  held.closing();
  held.lost(["a"]);
  expect(job.reason).toBe(signal.reason);
});

test("what has ended is not watched: no timer is left, and its id may be held anew", async () => {
  const { clock, held, hold } = start(100);
  const first = hold("a");
  // Its lock was lost and it came back to the same worker, before the first run had ended.
  const second = hold("a");
  held.release(first);
  expect(held.count).toBe(1);
  // Nobody but the worker could tell it.
  expect(first.reason).toMatchObject({ code: "UPSHIFT_JOB_LOCK_LOST" });
  expect(second.reason).toBeUndefined();
  held.lost(["a"]);
  expect(second.reason).toMatchObject({ code: "UPSHIFT_JOB_LOCK_LOST" });
  held.release(second);
  expect(held.count).toBe(0);
  await clock.advance(LOCK_MS);
  expect(clock.timerCount).toBe(0);
  // And it watches again.
  const third = hold("b");
  await clock.advance(2 * LOCK_MS);
  expect(third.reason).toBeDefined();
});
