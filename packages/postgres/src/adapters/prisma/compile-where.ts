import { InvalidArgumentError } from "@upshift/foundation";
import { joinSql, sql, type Sql, verbatim } from "../../sql/sql.ts";
import { quoteElement, valueTextOf } from "../../write/encode/value-text.ts";
import { toColumnValue } from "./field-values.ts";
import { fieldOf, type ModelField, type ModelMap } from "./model-map.ts";

/**
 * Prisma's `where` over scalar fields as SQL. Values are bound as text and cast to their column's type, so an index on the column serves.
 *
 * Means what it means to Prisma: `undefined` is no condition, a comparison is never true of NULL, several conditions must all hold. `contains`, `startsWith` and `endsWith`
 * take `%` and `_` as they are, and `OR: []` is never true wherever it stands.
 *
 * @returns `undefined` for no condition
 * @throws {InvalidArgumentError} for relations and for filters that are not scalar
 */
export function compileWhere(where: unknown, model: ModelMap): Sql | undefined {
  if (where === undefined || where === null) return undefined;
  return allOf(
    entriesOf(where, "where").map(([name, filter]) => entryCondition(name, filter, model)),
  );
}

function entryCondition(name: string, filter: unknown, model: ModelMap): Sql | undefined {
  const parts = (): readonly (Sql | undefined)[] =>
    (Array.isArray(filter) ? filter : [filter]).map((part) => compileWhere(part, model));
  if (name === "AND") return allOf(parts());
  if (name === "OR") return anyOf(parts());
  if (name === "NOT") return allOf(parts().map(opposite));
  return fieldCondition(fieldOf(model, name, "where"), filter);
}

function fieldCondition(field: ModelField, filter: unknown): Sql | undefined {
  return isFilter(filter, field)
    ? allOf(comparisons(field, filter, filter["mode"] === "insensitive"))
    : equals(field, filter, false);
}

function comparisons(
  field: ModelField,
  filter: Readonly<Record<string, unknown>>,
  isInsensitive: boolean,
): readonly (Sql | undefined)[] {
  return Object.entries(filter)
    .filter(([operation, value]) => operation !== "mode" && value !== undefined)
    .map(([operation, value]) => compare(field, operation, value, isInsensitive));
}

/** A plain object is a filter, except for a Json field, where Prisma asks for `equals` as well. */
function isFilter(
  value: unknown,
  { type }: ModelField,
): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return type === "Json" || prototype === Object.prototype || prototype === null;
}

const COMPARISONS: Readonly<Record<string, string>> = { lt: "<", lte: "<=", gt: ">", gte: ">=" };

function compare(
  field: ModelField,
  operation: string,
  value: unknown,
  isInsensitive: boolean,
): Sql | undefined {
  const sign = Object.hasOwn(COMPARISONS, operation) ? COMPARISONS[operation] : undefined;
  if (field.isList && sign === undefined) return compareList(field, operation, value);
  const column = folded(verbatim(field.sqlName), isInsensitive);
  if (sign !== undefined) {
    return sql`${column} ${verbatim(sign)} ${folded(bound(field, value), isInsensitive)}`;
  }
  switch (operation) {
    case "equals":
      return equals(field, value, isInsensitive);
    case "not":
      return not(field, value, isInsensitive);
    case "in":
      return sql`${column} = ANY (${foldedList(boundList(field, value), isInsensitive)})`;
    case "notIn":
      return sql`${column} <> ALL (${foldedList(boundList(field, value), isInsensitive)})`;
    case "contains":
      return like(field, ["%", "%"], value, isInsensitive);
    case "startsWith":
      return like(field, ["", "%"], value, isInsensitive);
    case "endsWith":
      return like(field, ["%", ""], value, isInsensitive);
    default:
      throw unknownOperation(field, operation);
  }
}

function folded(value: Sql, isInsensitive: boolean): Sql {
  return isInsensitive ? sql`pg_catalog.lower(${value})` : value;
}

function foldedList(list: Sql, isInsensitive: boolean): Sql {
  return isInsensitive
    ? sql`ARRAY(SELECT pg_catalog.lower(item) FROM pg_catalog.unnest(${list}) AS item)`
    : list;
}

function compareList(field: ModelField, operation: string, value: unknown): Sql {
  const column = verbatim(field.sqlName);
  switch (operation) {
    case "equals":
      return equals(field, value, false);
    case "has":
      return sql`${column} @> ${bound(field, [value])}`;
    case "hasEvery":
      return sql`${column} @> ${bound(field, value)}`;
    case "hasSome":
      return sql`${column} && ${bound(field, value)}`;
    case "isEmpty":
      return value === true
        ? sql`pg_catalog.cardinality(${column}) = 0`
        : sql`pg_catalog.cardinality(${column}) > 0`;
    default:
      throw unknownOperation(field, operation);
  }
}

function equals(field: ModelField, value: unknown, isInsensitive: boolean): Sql {
  const column = verbatim(field.sqlName);
  if (toColumnValue(value, field) === null) return sql`${column} IS NULL`;
  if (isInsensitive) return like(field, ["", ""], value, true);
  // Only jsonb can be compared.
  return field.column.type.baseName === "json"
    ? sql`${column}::pg_catalog.jsonb = ${bound(field, value)}::pg_catalog.jsonb`
    : sql`${column} = ${bound(field, value)}`;
}

function not(field: ModelField, value: unknown, isInsensitive: boolean): Sql | undefined {
  if (isFilter(value, field) && field.type !== "Json") {
    // To Prisma `not` of several comparisons is the opposite of each, not of all together.
    return allOf(comparisons(field, value, isInsensitive).map(opposite));
  }
  if (toColumnValue(value, field) === null) return sql`${verbatim(field.sqlName)} IS NOT NULL`;
  return opposite(equals(field, value, isInsensitive));
}

/** A pattern in which the value stands for itself. */
function like(
  field: ModelField,
  [before, after]: readonly [string, string],
  value: unknown,
  isInsensitive: boolean,
): Sql {
  if (typeof value !== "string") throw wrongValue(field, value);
  const pattern = `${before}${value.replaceAll(/[\\%_]/g, "\\$&")}${after}`;
  const operator = verbatim(isInsensitive ? "ILIKE" : "LIKE");
  return sql`${verbatim(field.sqlName)}::pg_catalog.text ${operator} ${pattern}::pg_catalog.text`;
}

function bound(field: ModelField, value: unknown): Sql {
  const { type } = field.column;
  return sql`${textOf(field, value)}::pg_catalog.text::${verbatim(type.sqlName)}`;
}

function boundList(field: ModelField, values: unknown): Sql {
  const { arraySqlName } = field.column.type;
  if (!Array.isArray(values) || arraySqlName === undefined) throw wrongValue(field, values);
  const items = values.map((value) => quoteElement(textOf(field, value)));
  return sql`${`{${items.join(",")}}`}::pg_catalog.text::${verbatim(arraySqlName)}`;
}

function textOf(field: ModelField, value: unknown): string {
  const columnValue = toColumnValue(value, field);
  if (columnValue === null || columnValue === undefined) throw wrongValue(field, value);
  return valueTextOf(field.column.type)(columnValue);
}

/** To Prisma what has no condition in it is no condition, and so is the opposite of it. */
function opposite(condition: Sql | undefined): Sql | undefined {
  return condition && sql`NOT (${condition})`;
}

function allOf(conditions: readonly (Sql | undefined)[]): Sql | undefined {
  const given = conditions.filter((each) => each !== undefined);
  const [first] = given;
  return given.length <= 1 ? first : sql`(${joinSql(given, sql` AND `)})`;
}

/** One of nothing is never true. */
function anyOf(conditions: readonly (Sql | undefined)[]): Sql {
  const given = conditions.filter((each) => each !== undefined);
  return given.length === 0 ? sql`FALSE` : sql`(${joinSql(given, sql` OR `)})`;
}

function entriesOf(where: unknown, place: string): readonly (readonly [string, unknown])[] {
  if (typeof where !== "object" || where === null || Array.isArray(where)) {
    throw new InvalidArgumentError(`\`${place}\` as an object of conditions`, typeof where);
  }
  return Object.entries(where).filter(([, filter]) => filter !== undefined);
}

function unknownOperation({ name, type }: ModelField, operation: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `a filter that ${JSON.stringify(name)}, a field of type ${type}, has here; give others as SQL in \`and\``,
    operation,
  );
}

function wrongValue({ name }: ModelField, value: unknown): InvalidArgumentError {
  return new InvalidArgumentError(`a value to compare ${JSON.stringify(name)} with`, typeof value);
}
