import { InvalidArgumentError } from "@upshift/foundation";
import type { Row } from "../connection/queryable.ts";

/** Rows per FETCH: a number, or `'adaptive'` for as many as fit into about half a megabyte. */
export type BatchSize = number | "adaptive";

/** Decides how many rows the next FETCH asks for. */
export interface BatchSizing {
  /** How many rows to fetch next. */
  readonly rowCount: number;
  /** Told what the last FETCH gave. */
  measured(rows: readonly Row[]): void;
}

/** Few, so that the first rows are there soon, and wide ones are few. */
const FIRST_ROWS = 64;
/** Beyond this a FETCH costs next to nothing per row. */
const MOST_ROWS = 1_024;
const TARGET_BYTES = 512 * 1024;
/** A batch may be this many times the one before it. */
const GROWTH = 4;
const SAMPLED_ROWS = 16;

/** @throws {InvalidArgumentError} when it is neither `'adaptive'` nor a whole number from 1 */
export function batchSizing(batchSize: BatchSize): BatchSizing {
  if (batchSize === "adaptive") return new AdaptiveSizing();
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
    throw new InvalidArgumentError("`batchSize` as 'adaptive' or a whole number > 0", batchSize);
  }
  return { rowCount: batchSize, measured: () => undefined };
}

class AdaptiveSizing implements BatchSizing {
  rowCount = FIRST_ROWS;

  measured(rows: readonly Row[]): void {
    if (rows.length === 0) return;
    const fitting = TARGET_BYTES / meanBytes(rows);
    const most = Math.min(MOST_ROWS, this.rowCount * GROWTH, Math.max(1, fitting));
    // Powers of two: pg_stat_statements keeps each text of a FETCH apart.
    this.rowCount = 2 ** Math.floor(Math.log2(most));
  }
}

function meanBytes(rows: readonly Row[]): number {
  const step = Math.max(1, Math.floor(rows.length / SAMPLED_ROWS));
  let sizeBytes = 0;
  let count = 0;
  for (let index = 0; index < rows.length; index += step) {
    sizeBytes += roughBytes(rows[index]);
    count += 1;
  }
  return Math.max(1, sizeBytes / count);
}

/** Size of a value in memory, to within a factor of two or so. */
function roughBytes(value: unknown): number {
  if (typeof value === "string") return 8 + value.length;
  if (typeof value !== "object" || value === null) return 8;
  if (ArrayBuffer.isView(value)) return 64 + value.byteLength;
  let sizeBytes = 16;
  for (const part of Object.values(value)) sizeBytes += 8 + roughBytes(part);
  return sizeBytes;
}
