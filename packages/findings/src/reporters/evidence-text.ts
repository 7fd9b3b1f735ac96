import type { CountEvidence, Evidence } from "../evidence.ts";
import { formatBytes, formatCount, formatMs, formatRatio } from "./amounts.ts";

/** An evidence in one line of text for a person; `sql` evidence is a label, its statement is shown apart. */
export function evidenceText(evidence: Evidence): string {
  switch (evidence.kind) {
    case "count":
      return `${evidence.label}: ${scaled(evidence)}`;
    case "sql":
      return `${evidence.label}:`;
    case "source":
      return `${evidence.frame.file}:${evidence.frame.line}: ${evidence.line.trim()}`;
    case "plan-node":
    case "spans":
    case "note":
      return evidence.text;
    default:
      return evidence satisfies never;
  }
}

function scaled({ value, unit }: CountEvidence): string {
  switch (unit) {
    case "bytes":
      return formatBytes(value);
    case "ms":
      return formatMs(value);
    case "ratio":
      return formatRatio(value);
    case "rows":
    case "calls":
    case "pages":
    case undefined:
      return formatCount(value);
    default:
      return unit satisfies never;
  }
}
