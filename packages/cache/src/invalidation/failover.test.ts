import { tracingChannel } from "node:diagnostics_channel";
import { createSimulatedClock } from "@upshift/foundation/testing";
import { expect, it } from "vitest";
import { LocalJournal } from "../journal/local-journal.ts";
import { Applier } from "./applier.ts";
import { TagTimes } from "./tag-times.ts";

/** What a master has been told, and a moment at which another takes its place. */
function startApplier(): {
  readonly applier: Applier;
  readonly removed: string[];
  readonly failOverAt: (count: number) => void;
} {
  const removed: string[] = [];
  let failAt = 0;
  const applier: Applier = new Applier({
    namespace: "n",
    channel: tracingChannel("upshift:test-failover"),
    clock: createSimulatedClock(1_000),
    tagTimes: new TagTimes(),
    definitions: new Map(),
    redis: {
      allows: () => true,
      remove: async (_, key) => {
        removed.push(key);
        // The old master has answered, and nobody took over what it was told.
        if (removed.length === failAt) applier.onFailover();
      },
      expire: async () => {},
      removeMatching: async () => {},
    },
    onError: () => {},
  });
  const reader = {
    onNews: () => {},
    onMissed: () => {},
    onReachable: () => {},
    onFailover: () => {},
    onError: () => {},
  };
  applier.connect(new LocalJournal(reader));
  return { applier, removed, failOverAt: (count) => void (failAt = count) };
}

it("does not call applied what a master has taken that has lost its place meanwhile, and repeats it", async () => {
  const { applier, removed, failOverAt } = startApplier();
  failOverAt(1);
  expect(await applier.apply([["key", "item", "a", 0]], false)).toBe("queued");
  expect(applier.pendingCount).toBe(1);
  expect(await applier.flush()).toBe(true);
  expect(removed).toEqual(["a", "a"]);
  expect(applier.pendingCount).toBe(0);
  expect(await applier.apply([["key", "item", "b", 0]], false)).toBe("applied");
  applier.close();
});

it("keeps in the queue what was delivered to a master that has lost its place meanwhile", async () => {
  const { applier, removed, failOverAt } = startApplier();
  failOverAt(1);
  expect(await applier.apply([["key", "item", "a", 0]], false)).toBe("queued");
  failOverAt(2);
  expect(await applier.flush()).toBe(false);
  expect(applier.pendingCount).toBe(1);
  expect(await applier.flush()).toBe(true);
  expect(removed).toEqual(["a", "a", "a"]);
  applier.close();
});
