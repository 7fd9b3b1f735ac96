import type { BtreeKey, BtreeShape } from "../../size/btree-size.ts";
import type { FieldWidths } from "../../size/field-layout.ts";
import type { ColumnStatistics } from "../../snapshot/database-snapshot.ts";
import { parseArrayLiteral } from "../statistics/array-literal.ts";
import type { CatalogIndex, CatalogIndexColumn } from "./index-catalog.ts";
import { storedBytes } from "./stored-bytes.ts";

/** What is known of an expression that has no statistics of its own. */
export interface ExpressionEstimate {
  readonly widthBytes: number;
  readonly distinct: number;
  /** The only column it is made of; `null` where there are several or none. */
  readonly source: string | null;
}

export interface IndexShapeOptions {
  readonly index: CatalogIndex;
  /** Rows that the index holds. */
  readonly rows: number;
  /** Rows of the table. */
  readonly tableRows: number;
  /** Statistics of a column of the indexed table, or of an expression by its position (1-based). */
  readonly statistics: (column: string | number) => ColumnStatistics | undefined;
  readonly expressions?: ReadonlyMap<number, ExpressionEstimate> | undefined;
}

/** What get_typavgwidth assumes of a type without a length. */
const UNKNOWN_WIDTH_BYTES = 32;

/** DEFAULT_NUM_DISTINCT */
const UNKNOWN_DISTINCT = 200;

/** How far the average of the sampled texts may be off the stored average before the samples are distrusted (redacted values). */
const TRUSTED_RATIO = 0.1;

/** The shape that the size of a B-tree follows from. */
export function indexShape(options: IndexShapeOptions): BtreeShape {
  const { index, rows, tableRows } = options;
  const columns = index.columns.map((column, position) => {
    const expression = options.expressions?.get(position + 1);
    const statistics =
      options.statistics(column.column ?? position + 1) ??
      sourceStatistics(expression, options.statistics);
    return { column, statistics, expression };
  });
  const keys: BtreeKey[] = [];
  for (const { column, statistics, expression } of columns.slice(0, index.keyCount)) {
    keys.push({
      ...fieldWidths(column, statistics, expression),
      isEqualImage: column.isEqualImage,
      distinct: distinctValues(statistics, expression, rows, tableRows),
    });
  }
  const only = columns[0];
  return {
    rows,
    keys,
    include: columns
      .slice(index.keyCount)
      .map(({ column, statistics }) => fieldWidths(column, statistics, undefined)),
    ...fillfactor(index.options),
    ...(deduplicatesByOption(index.options) ? {} : { include: [...NO_DEDUPLICATION] }),
    heavyKeys:
      keys.length === 1 && only !== undefined ? heavyKeys(only.statistics, rows) : undefined,
  };
}

/**
 * `lower(email)` is as long as `email`, where the planner assumes 32 bytes. Not for what takes a part out of something large,
 * such as a field of a document.
 */
function sourceStatistics(
  expression: ExpressionEstimate | undefined,
  statistics: IndexShapeOptions["statistics"],
): ColumnStatistics | undefined {
  if (expression === undefined || expression.source === null) return undefined;
  const source = statistics(expression.source);
  return source !== undefined && source.averageWidthBytes < expression.widthBytes
    ? source
    : undefined;
}

/** An empty included column has no effect but that of every included column. */
const NO_DEDUPLICATION: readonly FieldWidths[] = [
  { widths: [{ bytes: 0, share: 1 }], alignment: 1, nullFraction: 0 },
];

function deduplicatesByOption(options: readonly string[]): boolean {
  return !options.some((option) => /^deduplicate_items=(off|false|0|no)$/u.test(option));
}

function fillfactor(options: readonly string[]): { readonly fillfactorPercent?: number } {
  const option = options.find((candidate) => candidate.startsWith("fillfactor="));
  return option === undefined ? {} : { fillfactorPercent: Number(option.slice(11)) };
}

function fieldWidths(
  column: CatalogIndexColumn,
  statistics: ColumnStatistics | undefined,
  expression: ExpressionEstimate | undefined,
): FieldWidths {
  const nullFraction = statistics?.nullFraction ?? 0;
  if (column.typeLength > 0) {
    return {
      widths: [{ bytes: column.typeLength, share: 1 }],
      alignment: column.alignment,
      nullFraction,
    };
  }
  const average = statistics?.averageWidthBytes ?? expression?.widthBytes ?? UNKNOWN_WIDTH_BYTES;
  return {
    widths: sampledWidths(column.typeName, statistics, average) ?? spreadWidths(average),
    alignment: 1,
    nullFraction,
  };
}

/** Bytes of the most common values and of the histogram's bounds. */
function sampledWidths(
  typeName: string,
  statistics: ColumnStatistics | undefined,
  average: number,
): FieldWidths["widths"] | null {
  if (statistics === undefined) return null;
  const common = parseArrayLiteral(statistics.mostCommonValues ?? "") ?? [];
  const bounds = parseArrayLiteral(statistics.histogramBounds ?? "") ?? [];
  const frequencies = statistics.mostCommonFrequencies ?? [];
  const commonShare = frequencies.reduce((sum, frequency) => sum + frequency, 0);
  const restShare = Math.max(0, 1 - statistics.nullFraction - commonShare);
  const shares = new Map<number, number>();
  const add = (text: string, share: number): void => {
    const bytes = storedBytes(typeName, text);
    if (bytes !== null) shares.set(bytes, (shares.get(bytes) ?? 0) + share);
  };
  for (const [position, text] of common.entries()) add(text, frequencies[position] ?? 0);
  for (const text of bounds) add(text, restShare / bounds.length);
  const total = [...shares.values()].reduce((sum, share) => sum + share, 0);
  if (total <= 0) return null;
  const widths = [...shares].map(([bytes, share]) => ({ bytes, share: share / total }));
  const mean = widths.reduce((sum, width) => sum + width.bytes * width.share, 0);
  return Math.abs(mean - average) <= Math.max(1, average * TRUSTED_RATIO) ? widths : null;
}

/** Around the average, so that rounding up to 8 costs what it costs on average. */
function spreadWidths(average: number): FieldWidths["widths"] {
  const steps = average < 4 ? [0] : [-3, -2, -1, 0, 1, 2, 3];
  return steps.map((step) => ({
    bytes: Math.max(1, Math.round(average) + step),
    share: 1 / steps.length,
  }));
}

function distinctValues(
  statistics: ColumnStatistics | undefined,
  expression: ExpressionEstimate | undefined,
  rows: number,
  tableRows: number,
): number {
  const stored = statistics?.distinct ?? 0;
  const distinct =
    stored > 0
      ? stored
      : stored < 0
        ? -stored * tableRows
        : (expression?.distinct ?? UNKNOWN_DISTINCT);
  return Math.max(1, Math.min(distinct, rows));
}

/** Rows of the most common values; NULLs are one value more. */
function heavyKeys(statistics: ColumnStatistics | undefined, rows: number): number[] | undefined {
  if (statistics === undefined) return undefined;
  const frequencies = [...(statistics.mostCommonFrequencies ?? [])];
  if (statistics.nullFraction > 0) frequencies.push(statistics.nullFraction);
  return frequencies.map((frequency) => frequency * rows);
}
