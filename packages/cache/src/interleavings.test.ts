import { describe, expect, it } from "vitest";
import { describeFailure, exploreAll, play, shrink } from "../test/interleavings/explore.ts";
import type { Sabotage } from "../test/interleavings/gated-redis.ts";
import { randomScenario, seeded } from "../test/interleavings/random.ts";
import { PLAIN, type Scenario, type Step } from "../test/interleavings/scenario.ts";
import { Stage } from "../test/interleavings/world.ts";
import { BEAT } from "./journal/journal-scripts.ts";
import { FILL, REMOVE } from "./redis-level/entry-scripts.ts";

const IS_FULL = process.env["UPSHIFT_TEST_SCALE"] === "full";
const RANDOM_COUNT = IS_FULL ? 100_000 : 1_500;
const TIMEOUT_MS = IS_FULL ? 1_800_000 : 60_000;

const isScript = (command: readonly string[], { sha }: { readonly sha: string }): boolean =>
  command[1] === sha;

/** Nothing is removed. */
const keepAll: Sabotage = (command, apply) => (isScript(command, REMOVE) ? 1 : apply());

/** As though nothing had been said since the first. */
const tellNothing: Sabotage = (command, apply) => {
  const reply = apply();
  return isScript(command, BEAT) && Array.isArray(reply) && command[8] !== "0"
    ? [reply[0] ?? null, command[11] ?? null, reply[2] ?? null]
    : reply;
};

const stage = await new Stage().prepare();

const GET: Step = { do: "get", key: "a" };
const INVALIDATIONS: readonly Step[] = [
  { do: "delete", key: "a" },
  { do: "expire", key: "a" },
  { do: "set", key: "a" },
  { do: "tag" },
  { do: "pattern" },
];

const ALL_KEPT = "kept in every order";

async function outcomeOf(scenario: Scenario): Promise<string> {
  const { failure, isComplete } = await exploreAll(stage, scenario, { most: 1_000_000 });
  if (failure !== undefined) return describeFailure(await shrink(stage, failure));
  return isComplete ? ALL_KEPT : "not all were played";
}

describe.each(INVALIDATIONS)("in every order of what happens, $do", (step) => {
  it("in memory alone is never undone by two loads", { timeout: TIMEOUT_MS }, async () => {
    const readers = [1, 2].map(() => ({ process: "P", steps: [GET] }));
    const actors = [...readers, { process: "P", steps: [step, GET] }];
    for (const isThrough of [false, true])
      expect(await outcomeOf({ ...PLAIN, hasRedis: false, isThrough, actors })).toBe(ALL_KEPT);
  });

  it("by another process is never undone by a load", { timeout: TIMEOUT_MS }, async () => {
    const actors = [
      { process: "P", steps: [GET] },
      { process: "Q", steps: [step] },
    ];
    expect(await outcomeOf({ ...PLAIN, actors })).toBe(ALL_KEPT);
  });

  it(
    "with answers at once is never undone by the loads of three actors",
    { timeout: TIMEOUT_MS },
    async () => {
      const peek: Step = { do: "peek", key: "a" };
      const policies: readonly Scenario["policy"][] = IS_FULL
        ? ["memory", "strict", "stale"]
        : ["memory"];
      for (const policy of policies) {
        const actors = [
          { process: "P", steps: [peek] },
          { process: "Q", steps: [GET] },
          { process: "Q", steps: [step] },
        ];
        expect(await outcomeOf({ ...PLAIN, policy, isCoarse: true, warm: ["P"], actors })).toBe(
          ALL_KEPT,
        );
      }
      if (!IS_FULL) return;
      const actors = [
        { process: "P", steps: [GET] },
        { process: "P", steps: [GET] },
        { process: "Q", steps: [step] },
      ];
      expect(await outcomeOf({ ...PLAIN, isCoarse: true, actors })).toBe(ALL_KEPT);
    },
  );
});

it(
  `nothing is undone in ${RANDOM_COUNT} schedules drawn from a seed, with faults, failures and time`,
  { timeout: TIMEOUT_MS },
  async () => {
    const broken: string[] = [];
    for (let seed = 0; seed < RANDOM_COUNT; seed += 1) {
      const random = seeded(seed);
      const { failure } = await play(stage, randomScenario(random), (actions) =>
        actions.at(Math.floor(random() * actions.length)),
      );
      if (failure !== undefined)
        broken.push(`seed ${seed}: ${describeFailure(await shrink(stage, failure))}`);
      if (broken.length > 0) break;
    }
    expect(broken).toEqual([]);
  },
);

describe("a cache that does not keep its promise is found out", () => {
  const scenario: Scenario = {
    ...PLAIN,
    actors: [
      { process: "P", steps: [GET] },
      { process: "Q", steps: [{ do: "delete", key: "a" }] },
    ],
  };
  it("when a load may store without its lease", { timeout: TIMEOUT_MS }, async () => {
    const sabotage: Sabotage = (command, apply) => {
      const reply = apply();
      if (!isScript(command, FILL) || reply === 1) return reply;
      void stage.inspector.send(["HSET", command[3] ?? "", "v", command[5] ?? ""]);
      return 1;
    };
    const { failure } = await exploreAll(stage, scenario, { most: 1_000, sabotage });
    expect(failure?.violations.join()).toContain("was promised");
  });

  it("when a delete leaves the value in Redis", { timeout: TIMEOUT_MS }, async () => {
    const { failure } = await exploreAll(
      stage,
      { ...scenario, warm: ["P"] },
      { most: 1_000, sabotage: keepAll },
    );
    expect(failure?.violations.join()).toContain("was promised");
  });

  it("when messages are lost and heartbeats tell of none", { timeout: TIMEOUT_MS }, async () => {
    const lossy = { ...scenario, hasFaults: true, warm: ["P", "Q"] };
    const labels = ["Q start Q0.0", "Q run ", "Q answer ", "Q run ", "P drop 0", "Q answer "];
    const choose = (): Parameters<typeof play>[2] => {
      const left = [...labels];
      return (actions) => {
        const label = left.shift();
        return actions.find((action) => action.label === label);
      };
    };
    const { failure } = await play(stage, lossy, choose(), tellNothing);
    expect(failure?.violations.join()).toContain("when all is quiet P reads a as 1");
    expect((await play(stage, lossy, choose())).failure).toBeUndefined();
  });
});
