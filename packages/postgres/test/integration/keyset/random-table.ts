import * as fc from "fast-check";

/** A table with NULLs and ties everywhere, and an order over it. */
export interface RandomTable {
  readonly columns: readonly RandomColumn[];
  readonly primaryKey: "number" | "uuid" | "two columns" | "unique only";
  readonly rows: readonly (readonly number[])[];
  readonly hasIndex: boolean;
}

interface RandomColumn {
  readonly type: ValueType;
  readonly isNotNull: boolean;
}

export interface RandomKey {
  readonly column: number;
  readonly direction: "asc" | "desc";
  readonly nulls: "first" | "last" | undefined;
  readonly collation: string | undefined;
  readonly isExpression: boolean;
}

export interface RandomWalk {
  readonly table: RandomTable;
  /** At least one. */
  readonly keys: readonly RandomKey[];
  readonly pageSize: number;
  readonly from: "table" | "sql";
  readonly select: "all" | "names" | "sql";
  readonly hasFilter: boolean;
}

export interface ValueType {
  readonly type: string;
  /** SQL literals, in no order, some equal to each other though written differently. */
  readonly values: readonly string[];
  readonly isText?: boolean;
  /** PostgreSQL alone has what it needs. */
  readonly isServerOnly?: boolean;
}

const TIMES = [
  "'infinity'",
  "'-infinity'",
  "'0044-03-15 12:00:00.000001 BC'",
  "'0099-12-31'",
  "'2026-03-29 01:59:59.999999'",
  "'2026-03-29 01:59:59.999998'",
  "'2026-10-25 00:30:00'",
  "'12345-06-07 08:09:10'",
  "'1800-01-01 00:00:00'",
];
const TEXTS = [
  "''",
  "'a'",
  "'A'",
  "'ä'",
  "'b'",
  "'B '",
  "'b '",
  "'\u00e9'",
  "'e\u0301'",
  "'%_\\\"''; DROP TABLE x --'",
  "'\u{1F600}'",
  "E'a\\nb\\t\\x01'",
  "'NULL'",
  "'\\N'",
  "'null'",
];
const FLOATS = [
  "'NaN'",
  "'Infinity'",
  "'-Infinity'",
  "0",
  "'-0'",
  "0.1",
  "0.30000000000000004",
  "0.3",
  "1e-5",
  "-1.5",
  "16777217",
  "16777216",
];

/** What they need is made by `SETUP_SQL`. */
export const VALUE_TYPES: readonly ValueType[] = [
  { type: "smallint", values: ["-32768", "0", "1", "7"] },
  { type: "int", values: ["-2147483648", "0", "3", "2147483647"] },
  { type: "bigint", values: ["-9223372036854775808", "9007199254740993", "9007199254740992", "1"] },
  {
    type: "numeric",
    values: [
      "'NaN'",
      "'Infinity'",
      "'-Infinity'",
      "1.0",
      "1.00",
      "0.1",
      "-0.000000000000000000000000000001",
      "123456789012345678901234567890.5",
    ],
  },
  { type: "real", values: FLOATS.concat("1e-45", "3.4028235e38", "0.1::float8") },
  {
    type: "double precision",
    values: FLOATS.concat(
      "5e-324",
      "1.7976931348623157e308",
      "9007199254740993",
      "2.2250738585072014e-308",
    ),
  },
  { type: "boolean", values: ["true", "false"] },
  {
    type: "date",
    values: [
      "'infinity'",
      "'-infinity'",
      "'4713-01-01 BC'",
      "'0001-01-01'",
      "'2026-11-02'",
      "'2026-02-11'",
      "'5874897-12-31'",
    ],
  },
  { type: "timestamp", values: TIMES },
  {
    type: "timestamptz",
    values: TIMES.concat("'2026-10-25 02:30:00+02'", "'2026-10-25 02:30:00+01'"),
  },
  { type: "time", values: ["'24:00'", "'00:00'", "'12:34:56.123456'", "'12:34:56.123457'"] },
  {
    type: "timetz",
    values: ["'12:00:00+02'", "'11:00:00+01'", "'12:00:00-15:59:59'", "'24:00:00+00'"],
  },
  {
    type: "interval",
    values: [
      "'infinity'",
      "'-infinity'",
      "'1 mon'",
      "'30 days'",
      "'720 hours'",
      "'-1 mon +2 days -00:00:00.000001'",
      "'-14 mons -3 days -04:05:06.789'",
      "'1 year'",
      "'0'",
      "'178000000 years'",
      "'2147483647 days 2562047788:00:54.775807'",
    ],
  },
  {
    type: "uuid",
    values: [
      "'00000000-0000-0000-0000-000000000000'",
      "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
      "'12345678-1234-1234-1234-123456789abc'",
    ],
  },
  { type: "bytea", values: ["'\\x'", "'\\x00'", "'\\x5c'", "'\\xff00'", "'\\x61'"] },
  { type: "text", values: TEXTS, isText: true },
  { type: 'text COLLATE "C"', values: TEXTS, isText: true },
  { type: 'text COLLATE "und-x-icu"', values: TEXTS, isText: true, isServerOnly: true },
  { type: "text COLLATE ignore_case", values: TEXTS, isText: true, isServerOnly: true },
  { type: "varchar(30)", values: TEXTS, isText: true },
  { type: "char(26)", values: TEXTS, isText: true },
  { type: "name", values: ["'a'", "'B'", "'select'"] },
  { type: '"char"', values: ["'a'", "''", "'\\303'"] },
  { type: "citext", values: TEXTS, isServerOnly: true },
  { type: "mood", values: ["'sad'", "'ok; --'", "'hap\"py'"] },
  { type: "positive", values: ["1", "2", "10"] },
  { type: "short_text", values: ["'a'", "'B'", "''"] },
  { type: "inet", values: ["'10.0.0.1'", "'10.0.0.1/8'", "'10.0.0.0/8'", "'::1'"] },
  { type: "macaddr", values: ["'08:00:2b:01:02:03'", "'08:00:2b:01:02:04'"] },
  { type: "bit varying(8)", values: ["B''", "B'0'", "B'00'", "B'1'"] },
  { type: "int[]", values: ["'{}'", "'{1,2}'", "'{1,NULL}'", "'{NULL}'", "'{{1},{2}}'"] },
  { type: "text[]", values: ["'{}'", "'{a,b}'", "'{\"a,b\"}'", "'{NULL,\"NULL\"}'"] },
  { type: "int4range", values: ["'empty'", "'[1,3)'", "'(,)'", "'[1,)'"] },
  {
    type: "daterange",
    values: [
      "'empty'",
      "'[2026-01-02,2026-02-01)'",
      "'(,infinity]'",
      "'[-infinity,)'",
      "'[0044-01-01 BC,)'",
    ],
  },
  {
    type: "tstzrange",
    values: ["'empty'", "'[2026-01-02,2026-02-01)'", "'(2026-01-02 00:00:00.000001,)'", "'(,)'"],
  },
  {
    type: "pair",
    values: [
      "ROW(NULL,NULL)::pair",
      "ROW(1,NULL)::pair",
      "ROW(1,'x,\"y')::pair",
      "ROW(NULL,'')::pair",
    ],
  },
  { type: "jsonb", values: ["'1'", "'1.0'", "'null'", "'{\"a\":[1]}'", "'\"x\"'"] },
  { type: "regclass", values: ["'pg_class'", "'pg_type'", "'extra.hidden'"] },
  { type: "oid", values: ["0", "4294967295", "7"] },
  { type: "pg_lsn", values: ["'0/0'", "'FFFFFFFF/FFFFFFFF'"] },
];

/** @param hasExtensions - also what PGlite has not: ICU collations, citext */
export function setupSql(hasExtensions: boolean): string {
  return `
    CREATE TYPE mood AS ENUM ('sad', 'ok; --', 'hap"py');
    CREATE DOMAIN positive AS int CHECK (VALUE > 0);
    CREATE DOMAIN short_text AS varchar(5) COLLATE "C";
    CREATE TYPE pair AS (a int, b text);
    CREATE SCHEMA extra;
    CREATE TABLE extra.hidden ();
    ${
      hasExtensions
        ? `CREATE COLLATION ignore_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
           CREATE EXTENSION citext SCHEMA public;`
        : ""
    }
  `;
}

export function randomWalks(types: readonly ValueType[]): fc.Arbitrary<RandomWalk> {
  const column = fc.record({ type: fc.constantFrom(...types), isNotNull: fc.boolean() });
  const key = fc.record({
    column: fc.nat(),
    direction: fc.constantFrom("asc" as const, "desc" as const),
    nulls: fc.constantFrom(undefined, "first" as const, "last" as const),
    collation: fc.constantFrom(undefined, undefined, "C", "POSIX"),
    isExpression: fc.nat(5).map((chance) => chance === 0),
  });
  return fc.record({
    table: fc.record({
      columns: fc.array(column, { minLength: 1, maxLength: 4 }),
      primaryKey: fc.constantFrom("number", "uuid", "two columns", "unique only"),
      // Each number picks a value of its column, or NULL.
      rows: fc.array(fc.array(fc.nat(1000), { minLength: 4, maxLength: 4 }), {
        maxLength: 40,
        size: "max",
      }),
      hasIndex: fc.boolean(),
    }),
    keys: fc.array(key, { minLength: 1, maxLength: 4, size: "max" }),
    pageSize: fc.constantFrom(1, 2, 3, 4, 5, 7, 11, 50),
    from: fc.constantFrom("table", "table", "sql"),
    select: fc.constantFrom("all", "names", "sql"),
    hasFilter: fc.boolean(),
  });
}
