import type { QueryTiming } from "../workload/replay.ts";
import type { DoctorReport } from "./run-doctor.ts";

/** One query before and after the advice. */
export interface Comparison {
  readonly name: string;
  readonly calls: number;
  readonly beforeMs: number;
  readonly afterMs: number;
  readonly planBefore: string;
  readonly planAfter: string;
  /** `1 - after/before` of the planner's cost, as the doctor said; `undefined` where it advised nothing for the query. */
  readonly claimedGainRatio: number | undefined;
  /** `1 - after/before` of the measured p50. */
  readonly measuredGainRatio: number;
}

export interface ComparisonInput {
  readonly before: readonly QueryTiming[];
  readonly after: readonly QueryTiming[];
  readonly plansBefore: ReadonlyMap<string, string>;
  readonly plansAfter: ReadonlyMap<string, string>;
  readonly report: DoctorReport;
}

/** Pairs the two replays and puts the doctor's claims beside them; most time before comes first. */
export function compare(input: ComparisonInput): readonly Comparison[] {
  const claims = claimedGains(input.report);
  const after = new Map(input.after.map((timing) => [timing.name, timing]));
  return input.before
    .toSorted((left, right) => right.totalMs - left.totalMs)
    .map((timing) => {
      const afterMs = after.get(timing.name)?.p50Ms ?? Number.NaN;
      return {
        name: timing.name,
        calls: timing.calls,
        beforeMs: timing.p50Ms,
        afterMs,
        planBefore: input.plansBefore.get(timing.name) ?? "",
        planAfter: input.plansAfter.get(timing.name) ?? "",
        claimedGainRatio: claims.get(anonymous(timing.text)),
        measuredGainRatio: 1 - afterMs / timing.p50Ms,
      };
    });
}

/** A query may gain by several indexes; with all of them built, the lowest of its costs holds. */
function claimedGains(report: DoctorReport): ReadonlyMap<string, number> {
  const costs = new Map<string, { before: number; after: number }>();
  for (const { queries } of report.indexes) {
    for (const { query, costBefore, costAfter } of queries) {
      const known = costs.get(anonymous(query)) ?? { before: costBefore, after: costAfter };
      costs.set(anonymous(query), {
        before: Math.max(known.before, costBefore),
        after: Math.min(known.after, costAfter),
      });
    }
  }
  return new Map([...costs].map(([text, cost]) => [text, 1 - cost.after / cost.before]));
}

/** The text of a statement without what the server and the doctor write differently: values, numbers, spaces. */
export function anonymous(text: string): string {
  return text
    .replaceAll(/'(?:[^']|'')*'|\$?\b\d+(?:\.\d+)?\b/g, "?")
    .replaceAll(/\s+/g, " ")
    .trim()
    .replace(/;$/, "")
    .toLowerCase();
}
