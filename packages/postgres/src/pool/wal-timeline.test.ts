import { expect, test } from "vitest";
import { createWalTimeline } from "./wal-timeline.ts";

test("lag is the age of the oldest thing that is missing, and the bytes to the end", () => {
  const timeline = createWalTimeline();
  expect(timeline.lagOf(0n)).toBeUndefined();
  timeline.record(100n, 1_000);
  timeline.record(200n, 2_000);
  timeline.record(350n, 3_000);
  expect(timeline.lagOf(350n)).toEqual({ lagMs: 0, lagBytes: 0 });
  expect(timeline.lagOf(400n)).toEqual({ lagMs: 0, lagBytes: 0 });
  // What lies before 200 is missing since 2000 at the latest.
  expect(timeline.lagOf(150n)).toEqual({ lagMs: 1_000, lagBytes: 200 });
  expect(timeline.lagOf(10n)).toEqual({ lagMs: 2_000, lagBytes: 340 });
});

test("an idle primary makes nobody lag, and one that is behind on it lags more and more", () => {
  const timeline = createWalTimeline();
  timeline.record(100n, 1_000);
  timeline.record(100n, 60_000);
  expect(timeline.lagOf(100n)).toEqual({ lagMs: 0, lagBytes: 0 });
  expect(timeline.lagOf(90n)).toEqual({ lagMs: 59_000, lagBytes: 10 });
});

test("a primary that begins again at an earlier place is measured anew", () => {
  const timeline = createWalTimeline();
  timeline.record(900n, 1_000);
  timeline.record(100n, 2_000);
  expect(timeline.lagOf(100n)).toEqual({ lagMs: 0, lagBytes: 0 });
});

test("the history is bounded: what is further behind is at least that old", () => {
  const timeline = createWalTimeline();
  for (let second = 0; second < 10_000; second += 1)
    timeline.record(BigInt(second), second * 1_000);
  expect(timeline.lagOf(0n)).toEqual({ lagMs: 599_000, lagBytes: 9_999 });
});
