import type { Amount, Confidence, Finding, Severity } from "./finding.ts";

const SEVERITY_RANK: Readonly<Record<Severity, number>> = { error: 0, warn: 1, info: 2 };
const CONFIDENCE_RANK: Readonly<Record<Confidence, number>> = { proven: 0, likely: 1, hint: 2 };

/**
 * Findings in the order a person should read them: severity, then confidence, then what the fix saves.
 *
 * A total order (rule and key decide ties), so that two runs print the same. The input is not changed.
 */
export function rankFindings(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted(
    (left, right) =>
      SEVERITY_RANK[left.severity] - SEVERITY_RANK[right.severity] ||
      CONFIDENCE_RANK[left.confidence] - CONFIDENCE_RANK[right.confidence] ||
      compareAmounts(right.saving, left.saving) ||
      compareText(left.rule, right.rule) ||
      compareText(left.key, right.key),
  );
}

/** Whether a finding of `severity` counts when everything from `threshold` up does. */
export function isAtLeast(severity: Severity, threshold: Severity): boolean {
  return SEVERITY_RANK[severity] <= SEVERITY_RANK[threshold];
}

/** Amounts of different units do not add up: measured time decides first, then the planner's cost, round trips, bytes. */
function compareAmounts(left: Amount, right: Amount): number {
  return (
    (left.ms ?? 0) - (right.ms ?? 0) ||
    (left.planCost ?? 0) - (right.planCost ?? 0) ||
    (left.roundTrips ?? 0) - (right.roundTrips ?? 0) ||
    (left.bytes ?? 0) - (right.bytes ?? 0)
  );
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
