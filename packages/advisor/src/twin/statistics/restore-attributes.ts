import type { ColumnStatistics, DatabaseSnapshot } from "../../snapshot/database-snapshot.ts";
import { DatabaseError } from "../engine/database-error.ts";
import type { Engine } from "../engine/engine.ts";
import type { Limitation } from "../limitation.ts";
import { literalOrNull, numberArrayLiteral, quoteLiteral, quoteQualified } from "../sql-text.ts";
import { countElements } from "./array-literal.ts";

/** Restored in one round trip; a failed batch is repeated one by one. */
const BATCH_SIZE = 50;

/**
 * Restores the statistics of columns and index expressions.
 *
 * The import functions answer false and warn where they could not take a part over, and throw only on wrong names. The twin's
 * columns have no statistics before, so nothing is cleared.
 *
 * @param relations - quoted names of what exists in the twin
 */
export async function restoreAttributeStatistics(
  engine: Engine,
  snapshot: DatabaseSnapshot,
  relations: { has(name: string): boolean },
  limitations: Limitation[],
  signal?: AbortSignal,
): Promise<void> {
  const indexes = new Set(
    snapshot.indexes.map((index) => quoteQualified(index.schema, index.name)),
  );
  const statistics = snapshot.columnStatistics.filter((column) =>
    relations.has(quoteQualified(column.schema, column.relation)),
  );
  const call = (column: ColumnStatistics): string =>
    restoreCall(column, indexes.has(quoteQualified(column.schema, column.relation)));
  for (let start = 0; start < statistics.length; start += BATCH_SIZE) {
    signal?.throwIfAborted();
    const batch = statistics.slice(start, start + BATCH_SIZE);
    if (await restoresAll(engine, batch.map(call))) continue;
    for (const column of batch) {
      const failure = await restoreFailure(engine, call(column));
      if (failure !== null) {
        limitations.push({
          object: `${column.schema}.${column.relation}.${column.column}`,
          reason: `statistics were not taken over whole: ${failure}`,
        });
      }
    }
  }
}

async function restoresAll(engine: Engine, calls: readonly string[]): Promise<boolean> {
  try {
    const [row] = await engine.run(
      `SELECT bool_and(ok) AS ok FROM (${calls.map((call) => `SELECT ${call} AS ok`).join(" UNION ALL ")}) restored`,
    );
    return row?.["ok"] === true;
  } catch (error) {
    if (error instanceof DatabaseError) return false;
    throw error;
  }
}

async function restoreFailure(engine: Engine, call: string): Promise<string | null> {
  try {
    const [row] = await engine.run(`SELECT ${call} AS ok`);
    return row?.["ok"] === true ? null : "PostgreSQL refused a part";
  } catch (error) {
    if (error instanceof DatabaseError) return error.safeMessage;
    throw error;
  }
}

function restoreCall(column: ColumnStatistics, isIndex: boolean): string {
  const commonValues = paired(column.mostCommonValues, column.mostCommonFrequencies);
  const commonElements = column.mostCommonElements !== null && {
    values: quoteLiteral(column.mostCommonElements),
    frequencies: numberArrayLiteral(column.mostCommonElementFrequencies),
  };
  // Kinds without a value are left out: an argument of NULL means the same, at the price of a longer statement.
  const kinds: readonly (readonly [kind: string, value: string, type: string] | false)[] = [
    ["schemaname", quoteLiteral(column.schema), "text"],
    ["relname", quoteLiteral(column.relation), "text"],
    // An index expression's name is PostgreSQL's invention; its number is what identifies it.
    isIndex
      ? ["attnum", String(column.number), "smallint"]
      : ["attname", quoteLiteral(column.column), "text"],
    ["inherited", literalOrNull(column.inherited), "boolean"],
    ["null_frac", literalOrNull(column.nullFraction), "real"],
    ["avg_width", literalOrNull(column.averageWidthBytes), "integer"],
    ["n_distinct", literalOrNull(column.distinct), "real"],
    commonValues && ["most_common_vals", commonValues.values, "text"],
    commonValues && ["most_common_freqs", commonValues.frequencies, "real[]"],
    column.histogramBounds !== null && [
      "histogram_bounds",
      quoteLiteral(column.histogramBounds),
      "text",
    ],
    column.correlation !== null && ["correlation", literalOrNull(column.correlation), "real"],
    commonElements &&
      column.mostCommonElementFrequencies !== null && [
        "most_common_elems",
        commonElements.values,
        "text",
      ],
    commonElements &&
      column.mostCommonElementFrequencies !== null && [
        "most_common_elem_freqs",
        commonElements.frequencies,
        "real[]",
      ],
    isFilled(column.elementCountHistogram) && [
      "elem_count_histogram",
      numberArrayLiteral(column.elementCountHistogram),
      "real[]",
    ],
    column.rangeLengthHistogram !== null &&
      column.rangeEmptyFraction !== null && [
        "range_length_histogram",
        quoteLiteral(column.rangeLengthHistogram),
        "text",
      ],
    column.rangeLengthHistogram !== null &&
      column.rangeEmptyFraction !== null && [
        "range_empty_frac",
        literalOrNull(column.rangeEmptyFraction),
        "real",
      ],
    column.rangeBoundsHistogram !== null && [
      "range_bounds_histogram",
      quoteLiteral(column.rangeBoundsHistogram),
      "text",
    ],
  ];
  const pairs = kinds
    .filter((kind) => kind !== false)
    .map(([kind, value, type]) => `'${kind}', ${value}::${type}`);
  return `pg_catalog.pg_restore_attribute_stats(${pairs.join(", ")})`;
}

/** Values and frequencies only together and of equal, positive length: the import does not check all of that in 18. */
function paired(
  values: string | null,
  frequencies: readonly number[] | null,
): false | { readonly values: string; readonly frequencies: string } {
  if (values === null || !isFilled(frequencies)) return false;
  if (countElements(values) !== frequencies.length) return false;
  return { values: quoteLiteral(values), frequencies: numberArrayLiteral(frequencies) };
}

function isFilled(values: readonly number[] | null): values is readonly number[] {
  return values !== null && values.length > 0 && values.every(Number.isFinite);
}
