import type { InputRow } from "../input/column-sets.ts";
import type { Key, KeyColumn } from "./conflict-sql.ts";

/** A text that two rows share exactly when PostgreSQL holds their keys to be the same; empty for a key that is the same as no other; `undefined` where the value does not tell. */
export type ExactKey = (row: InputRow) => string | undefined;

/** @returns `undefined` where a column's type compares in ways that only PostgreSQL knows */
export function exactKey(key: Key): ExactKey | undefined {
  const parts = key.columns.map((column) => ({
    name: column.column.name,
    exact: exactValue(column),
  }));
  return parts.some(({ exact }) => exact === undefined)
    ? undefined
    : (row) => {
        let text = "";
        for (const { name, exact } of parts) {
          const value = row[name];
          if (value === null || value === undefined) {
            if (!key.isNullProof) return "";
            text += "-:";
            continue;
          }
          const part = exact?.(value);
          if (part === undefined) return undefined;
          text += `${part.length}:${part}`;
        }
        return text;
      };
}

type ExactValue = (value: unknown) => string | undefined;

function exactValue({ column, isDeterministic }: KeyColumn): ExactValue | undefined {
  const { type, lengthCast } = column;
  const isCatalogType = type.sqlName.startsWith('"pg_catalog".');
  if (!isCatalogType || lengthCast !== undefined) return undefined;
  switch (type.baseName) {
    case "int2":
    case "int4":
    case "int8":
      return exactInteger;
    case "uuid":
      return exactUuid;
    case "text":
    case "varchar":
      return isDeterministic ? exactText : undefined;
    default:
      return undefined;
  }
}

function exactInteger(value: unknown): string | undefined {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return Number.isSafeInteger(value) ? String(value) : undefined;
  return typeof value === "string" && /^-?[1-9]\d{0,17}$/.test(value) ? value : undefined;
}

function exactUuid(value: unknown): string | undefined {
  const isUsual =
    typeof value === "string" &&
    /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(value);
  return isUsual ? value.toLowerCase() : undefined;
}

function exactText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
