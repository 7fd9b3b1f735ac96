import { InvalidArgumentError } from "@upshift/foundation";
import type { Catalog } from "../../catalog/catalog.ts";
import type { ColumnFacts, TableFacts } from "../../catalog/table-facts.ts";
import { quoteIdentifier } from "../../sql/quote-identifier.ts";
import type { ModelContext, RuntimeField } from "./prisma-client.ts";
import { readSchemaText, type SchemaText } from "./schema-text.ts";

/** A model with the table and columns that it stands for. */
export interface ModelMap {
  readonly name: string;
  readonly table: TableFacts;
  /** Scalar fields by name, in the model's order. Relations are none. */
  readonly fields: ReadonlyMap<string, ModelField>;
}

export interface ModelField {
  readonly name: string;
  readonly column: ColumnFacts;
  /** With its table, quoted. */
  readonly sqlName: string;
  /** `DateTime`, `Decimal`, …, or an enum's name. */
  readonly type: string;
  readonly isList: boolean;
  readonly enumNames: EnumNames | undefined;
  /** Prisma sets it to the time of each write. */
  readonly isUpdatedAt: boolean;
}

/** Names of an enum's values that differ between Prisma and PostgreSQL. */
interface EnumNames {
  readonly toDatabase: ReadonlyMap<string, string>;
  readonly fromDatabase: ReadonlyMap<string, string>;
}

/**
 * @throws {InvalidArgumentError} for a view or model of another kind that the client does not know
 * @throws {UnknownTableError} {@link UnknownColumnError} when the database is not of this schema
 */
export async function readModel(
  catalog: Catalog,
  { model, schema }: ModelContext,
): Promise<ModelMap> {
  const runtime = Object.hasOwn(schema.models, model) ? schema.models[model] : undefined;
  if (runtime === undefined) throw new InvalidArgumentError("a model of the client", model);
  const name = runtime.dbName ?? model;
  const { schema: schemaName } = runtime;
  const tableName = typeof schemaName === "string" ? { schema: schemaName, name } : { name };
  const scalars = runtime.fields.filter(({ kind }) => kind === "scalar" || kind === "enum");
  const columns = await catalog.columns(
    tableName,
    scalars.map((field) => field.dbName ?? field.name),
  );
  const table = await catalog.table(tableName);
  const text = readSchemaText(schema.text);
  const fields = scalars.flatMap((field, index) => {
    const column = columns[index];
    return column === undefined ? [] : [toField(field, column, { table, model, text })];
  });
  return { name: model, table, fields: new Map(fields.map((field) => [field.name, field])) };
}

function toField(
  { name, kind, type }: RuntimeField,
  column: ColumnFacts,
  place: { readonly table: TableFacts; readonly model: string; readonly text: SchemaText },
): ModelField {
  const { table, model, text } = place;
  const names = kind === "enum" ? text.enumValues.get(type) : undefined;
  return {
    name,
    column,
    sqlName: `${quoteIdentifier(table.name)}.${column.sqlName}`,
    type: kind === "enum" ? "enum" : type,
    isList: column.type.isBaseArray,
    enumNames: names && { toDatabase: names, fromDatabase: inverted(names) },
    isUpdatedAt: text.updatedAt.get(model)?.has(name) === true,
  };
}

function inverted(names: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...names].map(([name, value]) => [value, name]));
}

/** @throws {InvalidArgumentError} for a relation, or a name that the model has not */
export function fieldOf(model: ModelMap, name: string, place: string): ModelField {
  const field = model.fields.get(name);
  if (field !== undefined) return field;
  throw new InvalidArgumentError(
    `\`${place}\` with scalar fields of ${model.name} (${[...model.fields.keys()].join(", ")})`,
    name,
  );
}
