import { InvalidArgumentError } from "@upshift/foundation";
import type { Row } from "../../connection/queryable.ts";
import { jsonNull } from "../../write/encode/json-null.ts";
import { readArrayText } from "./array-text.ts";
import type { ModelField } from "./model-map.ts";

/**
 * A value of a field as Prisma takes it, made into what its column takes: enum values by their names in PostgreSQL, times in UTC as Prisma stores them.
 *
 * @throws {InvalidArgumentError} for what is no value: an operation such as `{ increment: 1 }`
 */
export function toColumnValue(value: unknown, field: ModelField): unknown {
  if (value === null || value === undefined) return value;
  if (field.isList && Array.isArray(value)) return value.map((item) => toElement(item, field));
  return toElement(value, field);
}

function toElement(value: unknown, field: ModelField): unknown {
  if (value === null) return null;
  const special = nullOf(value);
  if (special !== undefined) return special === "JsonNull" ? jsonNull : null;
  if (field.type === "Json") return value;
  if (typeof value === "string") return field.enumNames?.toDatabase.get(value) ?? value;
  if (value instanceof Date) return timeText(value, field);
  if (typeof value === "object" && !(value instanceof Uint8Array)) {
    if (isDecimal(value)) return value.toFixed();
    throw new InvalidArgumentError(
      `a value for the field ${JSON.stringify(field.name)}`,
      "an object",
    );
  }
  return value;
}

/** `Prisma.DbNull` and `Prisma.JsonNull`, told by their names: there may be several copies of the library. */
function nullOf(value: unknown): "DbNull" | "JsonNull" | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const getName: unknown = Reflect.get(value, "_getName");
  if (Object.keys(value).length > 0 || typeof getName !== "function") return undefined;
  const name: unknown = Reflect.apply(getName, value, []);
  return name === "DbNull" || name === "JsonNull" ? name : undefined;
}

/** Of Prisma or of decimal.js. */
function isDecimal(value: object): value is { toFixed(): string } {
  return "toFixed" in value && typeof value.toFixed === "function";
}

const TIME_START = "1970-01-01T".length;

/** Prisma reads and writes all times as UTC, also where the column has no zone. */
function timeText(time: Date, { column, name }: ModelField): string {
  if (Number.isNaN(time.getTime())) {
    throw new InvalidArgumentError(
      `a time for the field ${JSON.stringify(name)}`,
      "an invalid Date",
    );
  }
  const text = time.toISOString();
  const { baseName } = column.type.element ?? column.type;
  return baseName === "time" || baseName === "timetz" ? text.slice(TIME_START) : text;
}

/** Finishes a row that Prisma's raw query gave, in place: enum values by Prisma's names, arrays of types that Prisma does not know. */
export function finishRow<R extends Row>(row: R, fields: Iterable<ModelField>): R {
  for (const field of fields) {
    const value = row[field.name];
    // A list that is NULL is an empty one to Prisma.
    if (value === null && field.isList) Object.assign(row, { [field.name]: [] });
    if (value === null || value === undefined) continue;
    const finished = finishValue(value, field);
    if (finished !== value) Object.assign(row, { [field.name]: finished });
  }
  return row;
}

function finishValue(value: unknown, field: ModelField): unknown {
  if (field.isList) {
    const items: unknown = typeof value === "string" ? readArrayText(value) : value;
    if (!Array.isArray(items) || field.enumNames === undefined) return items;
    return items.map((item) => fromElement(item, field));
  }
  return fromElement(value, field);
}

function fromElement(value: unknown, { enumNames }: ModelField): unknown {
  return typeof value === "string" ? (enumNames?.fromDatabase.get(value) ?? value) : value;
}
