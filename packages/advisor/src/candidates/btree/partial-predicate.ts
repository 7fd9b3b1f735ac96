import type { Relation } from "../../snapshot/database-snapshot.ts";
import type { SchemaLookup } from "../../workload/schema-lookup.ts";
import type { ColumnCondition } from "../../workload/shape/query-shape.ts";
import { parseArrayLiteral } from "../../workload/draws/array-literal.ts";

/** A partial index must leave out most rows, or a whole one is as good and serves more queries. */
const MOST_ROWS_RATIO = 0.3;

/** A column with more values than a status or a kind has is asked for by value: the constant was one of many. */
const MOST_CATEGORIES = 20;

/**
 * Whether a constant condition is worth a partial index of its own.
 *
 * A null test and a boolean always mean the same. A constant does when the column is a category (few values, text or an
 * enum, not a number that could be an id) and the value is a rare one.
 */
export function isPartialPredicate(
  condition: ColumnCondition,
  relation: Relation,
  schema: SchemaLookup,
): boolean {
  if (condition.literal === null) return false;
  const isTest = condition.kind === "null" || condition.kind === "not-null";
  const type = schema.column(relation, condition.column)?.type ?? "";
  const isBoolean = type === "boolean";
  // A redacted snapshot has other constants than the database.
  if (!isTest && !isBoolean && schema.snapshot.values === "redacted") return false;
  if (!isTest && !isBoolean && !isCategory(condition.column, type, relation, schema)) return false;
  const share = shareOfRows(condition, relation, schema);
  return share !== null && share <= MOST_ROWS_RATIO;
}

function isCategory(
  column: string,
  type: string,
  relation: Relation,
  schema: SchemaLookup,
): boolean {
  const distinct = schema.statistics(relation, column)?.distinct ?? 0;
  const isText = /^(text|character|citext)/.test(type);
  const isEnum = schema.snapshot.types.some(
    ({ kind, name }) => kind === "enum" && name === type.split(".").at(-1)?.replaceAll('"', ""),
  );
  return (isText || isEnum) && distinct > 0 && distinct <= MOST_CATEGORIES;
}

/** Share of the rows that meet the condition, by the statistics; `null` when they do not say. */
function shareOfRows(
  { column, kind, operator, constants }: ColumnCondition,
  relation: Relation,
  schema: SchemaLookup,
): number | null {
  const statistics = schema.statistics(relation, column);
  if (statistics === null) return null;
  if (kind === "null") return statistics.nullFraction;
  if (kind === "not-null") return 1 - statistics.nullFraction;
  if (constants === null) return null;
  const common = parseArrayLiteral(statistics.mostCommonValues ?? "{}") ?? [];
  const frequencies = statistics.mostCommonFrequencies ?? [];
  const share = constants.reduce(
    (sum, constant) => sum + (frequencies[common.indexOf(constant)] ?? 0),
    0,
  );
  return operator === "<>" ? 1 - statistics.nullFraction - share : share;
}
