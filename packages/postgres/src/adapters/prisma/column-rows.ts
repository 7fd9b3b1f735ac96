import type { Clock } from "@upshift/foundation";
import type { Row } from "../../connection/queryable.ts";
import type { RowSource, Source } from "../../write/input/row-source.ts";
import { toColumnValue } from "./field-values.ts";
import { fieldOf, type ModelMap } from "./model-map.ts";

/** Rows by field names as rows by column names, one by one where they come one by one. */
export function toColumnRows(rows: Source<object>, model: ModelMap, clock: Clock): RowSource {
  const now = new Date(clock.now());
  const toRow = (row: object): object => toColumnRow(row, model, now);
  if (isList(rows)) return rows.map(toRow);
  return Symbol.asyncIterator in rows ? mapAsync(rows, toRow) : mapSync(rows, toRow);
}

/** @throws {InvalidArgumentError} for a relation, or a name that the model has not */
function toColumnRow(row: object, model: ModelMap, now: Date): object {
  // What is no row is for the write to refuse, with its index.
  if (typeof row !== "object" || row === null || Array.isArray(row)) return row;
  const written: Row = {};
  for (const [name, value] of Object.entries(row)) {
    if (value === undefined) continue;
    const field = fieldOf(model, name, "rows");
    written[field.column.name] = toColumnValue(value, field);
  }
  for (const field of model.fields.values()) {
    if (field.isUpdatedAt) written[field.column.name] ??= toColumnValue(now, field);
  }
  return written;
}

function isList(rows: Source<object>): rows is readonly object[] {
  return Array.isArray(rows);
}

function* mapSync(rows: Iterable<object>, toRow: (row: object) => object): Generator<object> {
  for (const row of rows) yield toRow(row);
}

async function* mapAsync(
  rows: AsyncIterable<object>,
  toRow: (row: object) => object,
): AsyncGenerator<object> {
  for await (const row of rows) yield toRow(row);
}
