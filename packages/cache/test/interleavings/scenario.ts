import type { PolicyOptions } from "../../src/policy/policy.ts";
import { type Key, KEYS } from "./model.ts";

/** One call of the application. Those that invalidate write to the database first. */
export type Step =
  | { readonly do: "get"; readonly key: Key }
  | { readonly do: "peek"; readonly key: Key }
  | { readonly do: "set"; readonly key: Key }
  | { readonly do: "getMany" }
  | Invalidating;

export type Invalidating =
  | { readonly do: "delete" | "hold" | "expire"; readonly key: Key }
  | { readonly do: "tag" | "pattern" | "clear" | "all" | "emit" | "expireTag" };

/** Calls one after another, in one process. */
export interface Actor {
  readonly process: string;
  readonly steps: readonly Step[];
}

export interface Scenario {
  /** `noMemory`: every read asks Redis; `stale`: values outlive their time and failures. */
  readonly policy: "memory" | "noMemory" | "strict" | "stale";
  readonly hasRedis: boolean;
  readonly isCluster: boolean;
  /** A command and its answer are one step. */
  readonly isCoarse: boolean;
  readonly hasFaults: boolean;
  /** Loads may fail. */
  readonly hasFailures: boolean;
  /** `set` writes through to the database, which takes a while. */
  readonly isThrough: boolean;
  /** Values carry a version that the cache may compare. */
  readonly hasVersion: boolean;
  /** What is warm is past its time when it begins. */
  readonly isAged: boolean;
  /** The clock may be moved on to the next timer. */
  readonly hasTime: boolean;
  /** Processes that have all values in memory when it begins. */
  readonly warm: readonly string[];
  readonly actors: readonly Actor[];
}

export const PLAIN: Omit<Scenario, "actors"> = {
  policy: "memory",
  hasRedis: true,
  isCluster: false,
  isCoarse: false,
  hasFaults: false,
  hasFailures: false,
  isThrough: false,
  hasVersion: false,
  isAged: false,
  hasTime: false,
  warm: [],
};

/** Time alone ends nothing, unless it is to. */
const LONG_MS = 3_600_000;
export const SHORT_MS = 1_500;

const POLICIES: Readonly<Record<Scenario["policy"], PolicyOptions>> = {
  memory: {},
  noMemory: { l1Ttl: 0 },
  strict: { consistency: "strict" },
  stale: { staleFor: "1h", failSafeFor: "5h", failSafeThrottle: "1m" },
};

export function policyOf({ policy, isAged }: Scenario): PolicyOptions {
  return { ttl: isAged ? SHORT_MS : LONG_MS, jitter: 0, ...POLICIES[policy] };
}

/** The rows that the application changes before it makes this call. */
export function keysOf(step: Step): readonly Key[] {
  return "key" in step ? [step.key] : KEYS;
}

export function describeScenario({ actors, ...rest }: Scenario): string {
  const settings = Object.entries(rest)
    .filter(([name, value]) => String(value) !== String(Reflect.get(PLAIN, name)))
    .map(([name, value]) => `${name} ${String(value)}`);
  const calls = actors.map(
    ({ process, steps }) =>
      `${process}: ${steps.map((step) => `${step.do}${"key" in step ? ` ${step.key}` : ""}`).join(", ")}`,
  );
  return [...settings, ...calls].join("; ");
}
