import { expect, it } from "vitest";
import { describeFailure, replay } from "../test/interleavings/explore.ts";
import { PLAIN, type Scenario } from "../test/interleavings/scenario.ts";
import { Stage } from "../test/interleavings/world.ts";

interface Found {
  readonly claim: string;
  readonly scenario: Scenario;
  readonly labels: readonly string[];
}

/** Schedules that once broke the promise, as the search printed them. */
const FOUND: readonly Found[] = [
  {
    claim: "a value in Redis whose tag was expired is not given out while a load is under way",
    scenario: {
      ...PLAIN,
      policy: "stale",
      warm: ["Q"],
      actors: [
        { process: "P", steps: [] },
        { process: "Q", steps: [{ do: "expireTag" }] },
      ],
    },
    labels: [],
  },
  {
    claim: "a write through that a tag overtook is not kept in memory",
    scenario: {
      ...PLAIN,
      hasRedis: false,
      isThrough: true,
      warm: ["P"],
      actors: [
        { process: "P", steps: [{ do: "set", key: "a" }] },
        { process: "P", steps: [{ do: "tag" }, { do: "clear" }] },
      ],
    },
    labels: ["P start P0.0", "P commit a 1", "P start P1.0"],
  },
  {
    claim: "a write through that a delete overtook is not kept in memory",
    scenario: {
      ...PLAIN,
      hasRedis: false,
      isThrough: true,
      actors: [
        { process: "P", steps: [{ do: "set", key: "a" }] },
        { process: "P", steps: [{ do: "delete", key: "a" }] },
      ],
    },
    labels: ["P start P0.0", "P commit a 1", "P start P1.0"],
  },
  {
    claim: "a write through whose tag was expired meanwhile is not kept in memory",
    scenario: {
      ...PLAIN,
      hasRedis: false,
      isThrough: true,
      actors: [
        { process: "P", steps: [{ do: "set", key: "a" }] },
        { process: "P", steps: [{ do: "expireTag" }] },
      ],
    },
    labels: ["P start P0.0", "P commit a 1", "P start P1.0"],
  },
  {
    claim: "a write through that an expiry overtook is not stored in Redis",
    scenario: {
      ...PLAIN,
      isThrough: true,
      warm: ["Q"],
      actors: [
        { process: "P", steps: [{ do: "set", key: "a" }] },
        { process: "Q", steps: [{ do: "expire", key: "a" }] },
      ],
    },
    labels: ["P start P0.0", "P run ", "P answer ", "P commit a 1"],
  },
  {
    claim: "a read without memory does not join a load that began before an invalidation elsewhere",
    scenario: {
      ...PLAIN,
      policy: "noMemory",
      isCoarse: true,
      actors: [
        { process: "P", steps: [{ do: "get", key: "a" }] },
        { process: "P", steps: [{ do: "get", key: "a" }] },
        { process: "Q", steps: [{ do: "delete", key: "a" }] },
      ],
    },
    labels: [
      "P start P0.0",
      "P run ",
      "P run ",
      "P run ",
      "P run ",
      "Q start Q0.0",
      "Q run ",
      "Q run ",
      "Q hear 0",
      "P start P1.0",
    ],
  },
  {
    claim: "a load that fails does not put back what was invalidated while it was under way",
    scenario: {
      ...PLAIN,
      policy: "stale",
      isCoarse: true,
      hasFailures: true,
      isAged: true,
      warm: ["P"],
      actors: [
        { process: "P", steps: [{ do: "get", key: "a" }] },
        { process: "P", steps: [{ do: "delete", key: "a" }] },
      ],
    },
    labels: [
      "P start P0.0",
      "P start P1.0",
      "P run ",
      "P run ",
      "P run ",
      "P run ",
      "P load a 1 fails",
    ],
  },
  {
    claim: "a cache that is closed stops asking for the load of another process",
    scenario: {
      ...PLAIN,
      policy: "stale",
      hasFaults: true,
      isThrough: true,
      isAged: true,
      warm: ["P"],
      actors: [
        { process: "P", steps: [] },
        { process: "R", steps: [{ do: "all" }, { do: "getMany" }] },
      ],
    },
    labels: [
      "R start R0.0",
      "R lose ",
      "R start R0.1",
      "R lose ",
      "R run ",
      "R answer ",
      "R run ",
      "R mute ",
    ],
  },
  {
    claim:
      "a read does not join a load that has given out a stale value which was invalidated since",
    scenario: {
      ...PLAIN,
      policy: "stale",
      isThrough: true,
      isAged: true,
      warm: ["P", "Q"],
      actors: [
        { process: "Q", steps: [{ do: "get", key: "a" }] },
        { process: "Q", steps: [{ do: "pattern" }, { do: "getMany" }] },
        { process: "P", steps: [] },
      ],
    },
    labels: [
      "Q start Q1.0",
      "Q run ",
      "Q start Q0.0",
      "Q run ",
      "Q answer ",
      "Q answer ",
      "Q run ",
      "Q run ",
      "Q answer ",
      "Q run ",
      "P hear 0",
      "Q answer ",
      "Q answer ",
    ],
  },
  {
    claim:
      "a tag that another invalidated is heard of, although the answer to an own one came first",
    scenario: {
      ...PLAIN,
      policy: "stale",
      isCluster: true,
      hasFaults: true,
      hasTime: true,
      actors: [
        { process: "P", steps: [{ do: "tag" }] },
        { process: "Q", steps: [{ do: "get", key: "b" }, { do: "tag" }] },
        { process: "P", steps: [{ do: "get", key: "b" }] },
      ],
    },
    labels: [
      "Q start Q0.0",
      "P start P1.0",
      "P start P0.0",
      "P lose journal",
      "tick",
      "tick",
      "P lose journal",
      "Q load b 1",
      "tick",
      "P lose journal",
      "tick",
      "Q run journal",
      "tick",
      "P lose journal",
      "tick",
      "P lose journal",
      "tick",
      "Q start Q0.1",
      "Q lose journal",
      "P run journal",
      "Q run journal",
      "P drop 0",
    ],
  },
];

const stage = await new Stage().prepare();

it.each(FOUND)("$claim", async (found) => {
  const { failure } = await replay(stage, found);
  expect(failure === undefined ? "kept" : describeFailure(failure)).toBe("kept");
});
