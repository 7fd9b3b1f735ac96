import { describe, expect, it } from "vitest";
import { describeFailure, exploreAll } from "../test/interleavings/explore.ts";
import { PLAIN, type Step } from "../test/interleavings/scenario.ts";
import { Stage } from "../test/interleavings/world.ts";

const stage = await new Stage().prepare();

const INVALIDATIONS: readonly Step[] = [
  { do: "delete", key: "a" },
  { do: "tag" },
  { do: "pattern" },
  { do: "expire", key: "a" },
  { do: "set", key: "a" },
];

describe("a load and an invalidation", () => {
  it.each(INVALIDATIONS)("$do", async (step) => {
    const t0 = performance.now();
    const explored = await exploreAll(
      stage,
      {
        ...PLAIN,
        actors: [
          { process: "P", steps: [{ do: "get", key: "a" }] },
          { process: "Q", steps: [step] },
        ],
      },
      { most: Number(process.env["MOST"] ?? 60) },
    );
    process.stdout.write(
      `${step.do} ${explored.scheduleCount} ${explored.stepCount} ${explored.isComplete} ${(performance.now() - t0).toFixed(0)} ms\n`,
    );
    if (explored.failure !== undefined) expect.fail(describeFailure(explored.failure));
  });
});
