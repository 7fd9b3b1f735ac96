import type { Key } from "./model.ts";
import { type Actor, PLAIN, type Scenario, type Step } from "./scenario.ts";

/** 0 to 1, the same for the same seed. Source: Tommy Ettinger's mulberry32, public domain. */
export function seeded(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e_37_79_b9);
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_00_00_00_00;
  };
}

const READS: readonly Step["do"][] = ["get", "get", "get", "getMany", "peek"];
const WRITES: readonly Step["do"][] = [
  "delete",
  "tag",
  "pattern",
  "all",
  "clear",
  "emit",
  "expire",
  "expireTag",
  "set",
  "set",
  "hold",
];

function ofKey(name: Step["do"], key: Key): Step {
  switch (name) {
    case "get":
    case "peek":
    case "delete":
    case "hold":
    case "expire":
    case "set":
      return { do: name, key };
    case "getMany":
    case "tag":
    case "pattern":
    case "clear":
    case "all":
    case "emit":
    case "expireTag":
      break;
  }
  return { do: name };
}

/** Some processes with some actors, of all kinds and under all conditions. */
export function randomScenario(random: () => number): Scenario {
  const pick = <T>(from: readonly [T, ...T[]] | readonly T[]): T => {
    const chosen = from[Math.floor(random() * from.length)];
    if (chosen === undefined) throw new Error("nothing to choose from");
    return chosen;
  };
  const chance = (ratio: number): boolean => random() < ratio;
  const hasRedis = !chance(0.15);
  const processes = hasRedis
    ? pick([
        ["P", "Q"],
        ["P", "Q"],
        ["P", "Q", "R"],
      ])
    : ["P"];
  const hasFailures = chance(0.2);
  const hasFaults = hasRedis && chance(0.25);
  const hasTime = chance(0.1);
  const step = (): Step => {
    const name = pick(chance(0.55) ? READS : WRITES);
    // An expired value is given out after a failure and while a load takes its time: then nothing says what it has to be.
    if ((hasFailures || hasTime) && (name === "expire" || name === "expireTag"))
      return { do: "tag" };
    // Removing by a pattern waits on the system's clock before it tries again.
    if ((hasFaults || hasTime) && name === "pattern") return { do: "all" };
    const key: Key = chance(0.75) ? "a" : "b";
    return ofKey(name, key);
  };
  const actors = Array.from({ length: 2 + Math.floor(random() * 2) }, (): Actor => ({
    process: pick(processes),
    steps: Array.from({ length: 1 + Math.floor(random() * 3) }, step),
  }));
  return {
    ...PLAIN,
    policy: pick(["memory", "memory", "noMemory", "strict", "stale"]),
    hasRedis,
    isCluster: hasRedis && chance(0.3),
    hasFaults,
    hasFailures,
    isThrough: chance(0.3),
    hasVersion: chance(0.3),
    isAged: chance(0.3),
    hasTime,
    warm: processes.filter(() => chance(0.4)),
    actors,
  };
}
