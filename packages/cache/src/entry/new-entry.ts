import type { Core } from "../definition/core.ts";
import type { Before } from "../invalidation/before.ts";
import type { Policy } from "../policy/policy.ts";
import { Entry } from "./entry.ts";

/** A value that has just come, from a load or from a write. */
export interface NewValue {
  /** `undefined`: there is none. */
  readonly value: unknown;
  readonly tags: readonly string[];
  /** In place of the policy's. */
  readonly ttlMs: number | undefined;
  readonly loadMs: number;
  /** How much of what was invalidated it has seen. */
  readonly seen: Before;
  /** When it is known to have been right (ms, local). */
  readonly confirmedAtMs: number;
}

/** @returns the entry with the times that its policy gives it from now on; `undefined` when it is fresh for no time at all */
export function newEntry(
  { core, policy }: { readonly core: Core; readonly policy: Policy },
  { value, tags, ttlMs: ownTtlMs, loadMs, seen, confirmedAtMs }: NewValue,
): Entry | undefined {
  const isAbsent = value === undefined;
  const fullTtlMs = isAbsent ? policy.absentTtlMs : (ownTtlMs ?? policy.ttlMs);
  if (fullTtlMs <= 0) return undefined;
  core.keeps(fullTtlMs + policy.keepForMs);
  const nowMs = core.clock.now();
  const ttlMs = fullTtlMs * (1 - policy.jitterRatio * core.random());
  const { slidingMs = Number.POSITIVE_INFINITY } = policy;
  return new Entry(
    {
      value,
      isAbsent,
      softUntilMs: nowMs + Math.min(ttlMs, slidingMs),
      hardUntilMs: nowMs + ttlMs + (isAbsent ? 0 : policy.keepForMs),
      ttlMs,
      loadMs,
      clock: seen.clock,
      ordinal: seen.ordinal,
      tags,
      tagVersion: core.tagTimes.version,
      confirmedAtMs,
    },
    policy,
    nowMs,
  );
}
