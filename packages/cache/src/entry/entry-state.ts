import type { Core } from "../definition/core.ts";
import type { Policy } from "../policy/policy.ts";
import type { Entry } from "./entry.ts";

/**
 * What may be done with what memory has: given out; given out while a load begins; given out although it is past its time, while a load begins; kept for when a load fails;
 * nothing any more.
 */
export type EntryState = "fresh" | "refresh" | "stale" | "kept" | "gone";

interface Rules {
  readonly name: string;
  readonly core: Core;
  readonly policy: Policy;
}

/**
 * Looks at everything that can have happened to an entry since it was last looked at, and notes it on the entry.
 *
 * @param ownTrustMs - how long it is believed by itself, while it is not known that invalidations arrive
 */
export function stateOf(entry: Entry, rules: Rules, ownTrustMs: number): EntryState {
  const { clock, journal, tagTimes } = rules.core;
  const nowMs = clock.now();
  if (entry.tagVersion !== tagTimes.version) {
    const isForgotten = entry.tags.length > 0 && entry.tagVersion < tagTimes.forgottenVersion;
    if (isForgotten || tagTimes.isVoid(entry, rules.name)) return "gone";
    if (tagTimes.isExpired(entry, rules.name)) entry.expire();
    entry.tagVersion = tagTimes.version;
  }
  if (nowMs >= entry.hardUntilMs) return "gone";
  const isTrusted = nowMs < journal.trustedUntilMs || nowMs < entry.confirmedAtMs + ownTrustMs;
  if (isTrusted && nowMs < entry.softUntilMs && nowMs < entry.memoryUntilMs)
    return isDue(entry, rules) ? "refresh" : "fresh";
  if (!isTrusted || entry.isAbsent) return "kept";
  // Past its time in memory alone: Redis may have a newer one.
  const isStale = nowMs >= entry.softUntilMs && nowMs < entry.softUntilMs + rules.policy.staleForMs;
  return isStale ? "stale" : "kept";
}

/** Whether a fresh entry should be loaded anew by now. */
export function isDue(entry: Entry, { core, policy }: Rules): boolean {
  const nowMs = core.clock.now();
  if (nowMs >= entry.refreshAtMs) return true;
  if (nowMs < entry.earlyFromMs) return false;
  // XFetch: Vattani, Chierichetti, Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015.
  const { earlyRefreshBeta = 0 } = policy;
  const aheadMs = -earlyRefreshBeta * entry.loadMs * Math.log(1 - core.random());
  return nowMs + aheadMs >= entry.softUntilMs;
}
