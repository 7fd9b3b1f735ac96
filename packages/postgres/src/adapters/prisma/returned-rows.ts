import type { Row } from "../../connection/queryable.ts";
import { finishRow } from "./field-values.ts";
import { fieldOf, type ModelMap } from "./model-map.ts";

/** Columns of the fields that are to come back. */
export function returnedColumns(
  returning: readonly string[] | "*" | undefined,
  model: ModelMap,
): readonly string[] | undefined {
  if (returning === undefined) return undefined;
  const fields =
    returning === "*"
      ? [...model.fields.values()]
      : returning.map((name) => fieldOf(model, name, "returning"));
  return fields.map(({ column }) => column.name);
}

/** A row by column names as one by field names. Its type follows from the model. */
// oxlint-disable-next-line typescript/no-explicit-any
export function toFieldRow(row: Row | null, model: ModelMap): any {
  if (row === null) return null;
  const fields = [...model.fields.values()].filter(({ column }) => column.name in row);
  const named = Object.fromEntries(fields.map(({ name, column }) => [name, row[column.name]]));
  return finishRow(named, fields);
}
