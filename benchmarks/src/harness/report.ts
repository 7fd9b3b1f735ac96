import type { Claim, Samples } from "./benchmark.ts";
import type { Machine } from "./machine.ts";
import { median } from "./median.ts";

/** What `--json` prints. */
export interface BenchmarkReport {
  readonly name: string;
  readonly machine: Machine;
  readonly rows: readonly {
    readonly label: string;
    readonly unit: "ms";
    /** In the order in which they were taken. */
    readonly samples: readonly number[];
  }[];
  readonly claims: readonly Claim[];
}

/** The same for a person: medians, ratios to the first contestant with their intervals, claims. */
export function renderReport(title: string, report: BenchmarkReport, samples: Samples): string {
  const [base] = report.rows;
  const labelWidth = Math.max(...report.rows.map(({ label }) => label.length));
  const rows = report.rows.map(({ label, samples: taken }) => {
    const start = `  ${label.padEnd(labelWidth)}  ${number(median(taken)).padStart(10)} ms`;
    if (base === undefined || label === base.label) return start;
    const { median: times, low, high, confidenceRatio } = samples.ratio(label, base.label);
    const interval = `${number(low)} to ${number(high)}`;
    const confidence = `${(confidenceRatio * 100).toFixed(0)} %`;
    return `${start}   ${number(times)} times ${base.label} (${interval} with ${confidence})`;
  });
  const claims = report.claims.map(
    ({ claim, target, value, holds }) =>
      `  ${holds ? "holds" : "FAILS"}  ${claim}: ${number(value)} (target ${number(target)})`,
  );
  const { cpu, cores, node } = report.machine;
  return [
    title,
    `  ${cpu}, ${cores} cores, Node ${node}; ${base?.samples.length ?? 0} interleaved rounds, medians`,
    "",
    ...rows,
    "",
    ...claims,
  ].join("\n");
}

function number(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value);
}
