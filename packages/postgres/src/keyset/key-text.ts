import { InvalidArgumentError } from "@upshift/foundation";
import { type Sql, sql, verbatim } from "../sql/sql.ts";
import { floatText, intervalText } from "./binary-text.ts";
import type { KeyType } from "./read-key-types.ts";

/**
 * How a key's value travels: as text that means the same value in every session, whatever `DateStyle`, `IntervalStyle`, `TimeZone`, `extra_float_digits` or `search_path`
 * is set to there.
 */
export interface KeyText {
  /** The key as text. NULL stays NULL. */
  write(key: Sql): Sql;
  /** What `write` gave, as text that `read` takes. */
  decode(written: string): string;
  /** A text parameter as a value to compare the key with. */
  read(text: Sql): Sql;
}

/** These give their bits, which JavaScript turns into text: their own output depends on the session and may round. */
const BINARY: Readonly<
  Record<string, { readonly send: string; readonly decode: (hex: string) => string }>
> = {
  float4: { send: "float4send", decode: floatText },
  float8: { send: "float8send", decode: floatText },
  interval: { send: "interval_send", decode: intervalText },
};

/** JSON has them in ISO 8601 in every session. */
const ISO = new Set(["date", "timestamp", "timestamptz"]);

const ISO_RANGES = new Set(["daterange", "tsrange", "tstzrange"]);

/** Types whose text depends on the session: fine as a key of their own, not inside of an array, a composite or another range. */
const SESSION_DEPENDENT = new Set([
  ...Object.keys(BINARY),
  ...ISO,
  "money",
  "cube",
  "seg",
  "regclass",
  "regcollation",
  "regconfig",
  "regdictionary",
  "regnamespace",
  "regoper",
  "regoperator",
  "regproc",
  "regprocedure",
  "regrole",
  "regtype",
]);

const same = (text: string): string => text;

/**
 * @param name - the key, for the error
 * @throws {InvalidArgumentError} when no text of the type means the same in every session
 */
export function keyTextOf(type: KeyType, name: string): KeyText {
  const cast = (text: Sql): Sql => sql`${text}::${verbatim(type.sqlName)}`;
  const { baseName } = type;
  if (type.isBuiltIn) {
    const binary = BINARY[baseName];
    if (binary !== undefined) {
      const write = (key: Sql): Sql =>
        sql`pg_catalog.encode(pg_catalog.${verbatim(binary.send)}(${key}), 'hex')`;
      return { write, decode: binary.decode, read: cast };
    }
    if (ISO.has(baseName)) return { write: isoText, decode: same, read: cast };
    if (ISO_RANGES.has(baseName)) return { write: isoRangeText, decode: same, read: cast };
    // A name of a table or type depends on the search path; its number does not.
    if (baseName.startsWith("reg") && SESSION_DEPENDENT.has(baseName)) {
      return {
        write: (key) => sql`${key}::pg_catalog.oid::pg_catalog.text`,
        decode: same,
        read: (text) => cast(sql`${text}::pg_catalog.oid`),
      };
    }
  }
  const parts = type.partNames.filter((part) => SESSION_DEPENDENT.has(part));
  if (parts.length > 0) {
    throw new InvalidArgumentError(
      `key ${name} to be of a type whose text is the same in every session: order by its parts, or by an expression such as ${baseName === "money" ? "amount::numeric" : "lower(range)"}`,
      `${type.sqlName}, which has ${parts.join(", ")}`,
    );
  }
  return { write: type.isBuiltIn ? castText : outputText, decode: same, read: cast };
}

function castText(key: Sql): Sql {
  return sql`${key}::pg_catalog.text`;
}

/** A cast to text may have been defined to be something else; `format` always asks the type's own output function. */
function outputText(key: Sql): Sql {
  return sql`CASE WHEN ${key} IS DISTINCT FROM NULL THEN pg_catalog.format('%s', ${key}) END`;
}

function isoText(key: Sql): Sql {
  return sql`(pg_catalog.to_json(${key}) OPERATOR(pg_catalog.#>>) '{}')`;
}

function isoRangeText(key: Sql): Sql {
  const bound = (end: "lower" | "upper"): Sql =>
    sql`coalesce('"' || ${isoText(sql`pg_catalog.${verbatim(end)}(${key})`)} || '"', '')`;
  return sql`CASE WHEN pg_catalog.isempty(${key}) THEN 'empty' WHEN ${key} IS NOT NULL THEN
    CASE WHEN pg_catalog.lower_inc(${key}) THEN '[' ELSE '(' END || ${bound("lower")} || ',' || ${bound("upper")} ||
    CASE WHEN pg_catalog.upper_inc(${key}) THEN ']' ELSE ')' END END`;
}
