import type { Amount } from "../finding.ts";

const BYTE_UNITS = ["bytes", "kB", "MB", "GB", "TB", "PB"] as const;

/** `512 bytes`, `8.0 kB`, `1.5 GB`: powers of 1024 under PostgreSQL's names, as `pg_size_pretty` has them. */
export function formatBytes(sizeBytes: number): string {
  let scaled = sizeBytes;
  let unit = 0;
  while (Math.abs(scaled) >= 1024 && unit < BYTE_UNITS.length - 1) {
    scaled /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || Math.abs(scaled) >= 100 ? 0 : 1;
  return `${scaled.toFixed(digits)} ${BYTE_UNITS[unit]}`;
}

/** `0.42 ms`, `38 ms`, `1.9 s`, `4.2 min`, `3.1 h`. */
export function formatMs(durationMs: number): string {
  const size = Math.abs(durationMs);
  if (size < 1_000) return `${formatCount(durationMs)} ms`;
  if (size < 60_000) return `${(durationMs / 1_000).toFixed(1)} s`;
  if (size < 3_600_000) return `${(durationMs / 60_000).toFixed(1)} min`;
  return `${formatCount(Math.round(durationMs / 360_000) / 10)} h`;
}

/** `399,874`; below 100 up to two digits after the point, so that a small cost is not shown as 0. */
export function formatCount(count: number): string {
  const digits = Math.abs(count) >= 100 ? 0 : Math.abs(count) >= 10 ? 1 : 2;
  return count.toLocaleString("en-US", { maximumFractionDigits: digits });
}

/** `99.3 %`; never rounded up to 100 nor down to 0. */
export function formatRatio(ratio: number): string {
  const percent = ratio * 100;
  const rounded = Math.round(percent * 10) / 10;
  if (ratio < 1 && rounded >= 100) return "over 99.9 %";
  if (ratio > 0 && rounded <= 0) return "under 0.1 %";
  return `${rounded.toLocaleString("en-US")} %`;
}

/** `1.2 s, 4 round trips`; `null` when nothing is known. */
export function formatAmount(amount: Amount): string | null {
  const parts = [
    amount.ms === undefined ? null : formatMs(amount.ms),
    amount.roundTrips === undefined ? null : counted(amount.roundTrips, "round trip"),
    amount.bytes === undefined ? null : formatBytes(amount.bytes),
    amount.planCost === undefined ? null : counted(amount.planCost, "cost unit"),
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(", ");
}

/** `1 row`, `2 rows`. */
export function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}
