import { afterEach, expect, test, vi } from "vitest";
import { createMemoryRedisServer } from "../memory/memory-redis-server.ts";
import { lock } from "./lock.ts";
import { steadyClock } from "./steady-clock.ts";

const HOUR_MS = 3_600_000;

afterEach(() => vi.restoreAllMocks());

function stepSystemClock(byMs: number): void {
  const now = Date.now.bind(Date);
  vi.spyOn(Date, "now").mockImplementation(() => now() + byMs);
}

test("a system clock that was set forward and back again leaves no lock young", async () => {
  const server = createMemoryRedisServer({ clock: steadyClock });
  stepSystemClock(HOUR_MS);
  const held = await lock(server.connect(), "a", { ttl: 300 });
  vi.restoreAllMocks();
  server.cut();
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect([held.isHeld, held.signal.aborted]).toEqual([false, true]);
});

test("it goes on by the system clock where that went further, as after a sleep", () => {
  const beforeMs = steadyClock.now();
  stepSystemClock(HOUR_MS);
  expect(steadyClock.now() - beforeMs).toBeGreaterThanOrEqual(HOUR_MS);
});

test("it goes no faster for being read often", () => {
  let runMs = performance.now();
  vi.spyOn(performance, "now").mockImplementation(() => runMs);
  const startMs = Date.now();
  vi.spyOn(Date, "now").mockImplementation(() => startMs + Math.floor(runMs - beganMs));
  const beganMs = runMs;
  const beforeMs = steadyClock.now();
  for (let read = 0; read < 10_000; read += 1) {
    runMs += 0.1;
    steadyClock.now();
  }
  const passedMs = steadyClock.now() - beforeMs;
  // What doubles of this size cannot tell apart adds up.
  expect(passedMs).toBeGreaterThan(995);
  expect(passedMs).toBeLessThan(1_005);
});
