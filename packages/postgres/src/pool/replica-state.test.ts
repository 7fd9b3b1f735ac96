import { createSimulatedClock } from "@upshift/foundation/testing";
import { expect, test } from "vitest";
import { createReplicaState, type ReplicaState } from "./replica-state.ts";

const DEMAND = { maxLagMs: 1_000 };
const lagging = (lagMs: number) => ({
  isReplica: true,
  replayedLsn: 100n,
  lag: { lagMs, lagBytes: 1 },
});

function setup(random = () => 0): {
  state: ReplicaState;
  clock: ReturnType<typeof createSimulatedClock>;
} {
  const clock = createSimulatedClock();
  return { clock, state: createReplicaState({ clock, healthIntervalMs: 1_000, random }) };
}

test("is read once it has answered, as long as it is not too far behind", () => {
  const { state } = setup();
  expect(state.isUsable(DEMAND)).toBe(false);
  state.answered(lagging(1_000));
  expect(state.isUsable(DEMAND)).toBe(true);
  state.answered(lagging(1_001));
  expect(state.isUsable(DEMAND)).toBe(false);
  expect(state.isUsable({ maxLagMs: 5_000 })).toBe(true);
});

test("is read after a place only when it has replayed it", () => {
  const { state } = setup();
  state.answered(lagging(0));
  expect(state.isUsable({ ...DEMAND, atLeastLsn: 100n })).toBe(true);
  expect(state.isUsable({ ...DEMAND, atLeastLsn: 101n })).toBe(false);
});

test("is not read on old news", async () => {
  const { state, clock } = setup();
  state.answered(lagging(0));
  await clock.advance(5_000);
  expect(state.isUsable(DEMAND)).toBe(true);
  await clock.advance(1);
  expect(state.isUsable(DEMAND)).toBe(false);
});

test("that is lost is asked again later and later, half an interval at random, and counts at once when it answers", async () => {
  const { state, clock } = setup();
  const pausesMs = [];
  for (let failure = 0; failure < 7; failure += 1) {
    state.failed();
    const failedAtMs = clock.now();
    while (!state.isDue()) await clock.advance(100);
    pausesMs.push(clock.now() - failedAtMs);
  }
  expect(pausesMs).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  expect(state.status).toBe("lost");
  state.answered(lagging(0));
  expect(state.isUsable(DEMAND)).toBe(true);
  const hasty = setup(() => 0.999_9);
  hasty.state.failed();
  await hasty.clock.advance(501);
  expect(hasty.state.isDue()).toBe(true);
});

test("that was promoted shows another history and is not read", () => {
  const { state } = setup();
  state.answered(lagging(0));
  state.answered({ isReplica: false, replayedLsn: 100n, lag: undefined });
  expect(state.status).toBe("promoted");
  expect(state.isUsable(DEMAND)).toBe(false);
  expect(state.isDue()).toBe(false);
});

test("whose connection was lost is asked before it is trusted again", () => {
  const { state } = setup();
  state.answered(lagging(0));
  state.doubt();
  expect(state.isUsable(DEMAND)).toBe(false);
  expect(state.isDue()).toBe(true);
});
