/** A type of PostgreSQL with texts that it stores, and what callers may ask it for. */
export interface ColumnKind {
  readonly type: string;
  readonly stored: readonly string[];
  readonly asked: readonly unknown[];
}

const NUMBERS_ASKED = [
  7,
  "7",
  " 7 ",
  "07",
  "+7",
  "7.0",
  7n,
  -1,
  0,
  -0,
  7.5,
  "x",
  "",
  "0x7",
  "1e3",
  2 ** 40,
  "99999999999999999999",
  Number.NaN,
  true,
];
const TEXTS_ASKED = [
  "abc",
  "ABC",
  "abc ",
  "",
  "a\\b",
  'a"b',
  "{a,b}",
  "NULL",
  "a\0b",
  "ä",
  "\ud800",
  7,
  7n,
  true,
  new Date(0),
  "a".repeat(70),
  "a".repeat(63),
];
const TIMES_ASKED = [
  new Date(0),
  new Date(1e12),
  "2026-03-29 02:30:00",
  "2026-03-29T02:30:00+02",
  "1970-01-01",
  "infinity",
  "today-ish",
  "epoch",
  "0001-01-01 BC",
  0,
];

/** Every kind of equality that matters: exact, padded, folded, signed zeros, scales, units, polymorphic; and types that have none, or no array. */
export const COLUMN_KINDS: readonly ColumnKind[] = [
  { type: "int2", stored: ["7", "-1", "0"], asked: NUMBERS_ASKED },
  { type: "int4", stored: ["7", "-1", "0", "2147483647"], asked: NUMBERS_ASKED },
  { type: "int8", stored: ["7", "-1", "0", "1099511627776"], asked: NUMBERS_ASKED },
  {
    type: "numeric",
    stored: ["7", "7.00", "0", "NaN", "1000"],
    asked: [...NUMBERS_ASKED, "7.000", "Infinity"],
  },
  { type: "numeric(6,2)", stored: ["7", "-1.00", "0"], asked: [...NUMBERS_ASKED, "7.004"] },
  { type: "float4", stored: ["7", "-0", "NaN", "0.1"], asked: [...NUMBERS_ASKED, 0.1, "1e300"] },
  {
    type: "float8",
    stored: ["7", "-0", "NaN", "Infinity"],
    asked: [...NUMBERS_ASKED, "-Infinity", 1e21],
  },
  { type: "money", stored: ["7", "0"], asked: ["$7.00", 7, "7.001", "x"] },
  { type: "oid", stored: ["7", "0"], asked: NUMBERS_ASKED },
  { type: "bool", stored: ["t", "f"], asked: [true, false, "yes", "of", "off", 1, 2, "x"] },
  {
    type: "text",
    stored: ["abc", "ABC", "abc ", "", 'a"b', "a\\b", "{a,b}", "NULL", "7", "true"],
    asked: TEXTS_ASKED,
  },
  { type: "varchar(3)", stored: ["abc", "ABC", "7"], asked: [...TEXTS_ASKED, "abcd"] },
  { type: "char(5)", stored: ["abc", "ABC", "7"], asked: [...TEXTS_ASKED, "abc   ", "abcdef"] },
  { type: '"char"', stored: ["a", "7"], asked: ["a", "abc", 7, ""] },
  { type: "name", stored: ["abc", "a".repeat(63)], asked: TEXTS_ASKED },
  { type: "citext", stored: ["aBc", "7", "ä"], asked: [...TEXTS_ASKED, "Ä"] },
  { type: 'text COLLATE "und-nocase"', stored: ["abc", "ä"], asked: [...TEXTS_ASKED, "Ä"] },
  {
    type: "uuid",
    stored: ["00000000-0000-0000-0000-0000000000ab"],
    asked: ["00000000-0000-0000-0000-0000000000AB", "{000000000000000000000000000000ab}", "0", 7],
  },
  { type: "bytea", stored: ["\\x00ff"], asked: ["\\x00FF", "\\000\\377", "x", "\\x0"] },
  {
    type: "timestamptz",
    stored: ["epoch", "2026-03-29 00:30:00Z", "infinity"],
    asked: TIMES_ASKED,
  },
  { type: "timestamp", stored: ["epoch", "2026-03-29 02:30:00"], asked: TIMES_ASKED },
  { type: "date", stored: ["epoch", "2026-03-29"], asked: TIMES_ASKED },
  {
    type: "interval",
    stored: ["1 day", "24:00:00", "30 days"],
    asked: ["1 day", "P1D", "24 hours", "1 month", "x"],
  },
  { type: "inet", stored: ["10.0.0.1", "::1"], asked: ["10.0.0.1/32", "10.0.0.1", "0::1", "x"] },
  { type: "bit(3)", stored: ["101"], asked: ["101", "b101", "10", "x"] },
  { type: "jsonb", stored: ['{"a":1,"b":[2]}', "7"], asked: ['{"b":[2],"a":1.0}', 7, "{", "null"] },
  { type: "json", stored: ['{"a":1}'], asked: ['{"a":1}'] },
  { type: "mood", stored: ["glad", "sad"], asked: ["glad", "GLAD", "", 7] },
  { type: "positive", stored: ["7"], asked: [7, "-7", 0, "x"] },
  { type: "short_word", stored: ["abc"], asked: ["abc", "abcdef", "ABC"] },
  { type: "int4range", stored: ["[1,3)", "empty"], asked: ["[1,2]", "empty", "[3,1]", "x"] },
  { type: "int4[]", stored: ["{1,2}", "{}"], asked: ["{1,2}", "{ 1 , 2 }", "{", "{1,NULL}"] },
  { type: "box", stored: ["(1,1),(0,0)"], asked: ["(1,1),(0,0)", "(2,1),(1,0)", "x"] },
  { type: "point", stored: ["(1,1)"], asked: ["(1,1)"] },
];

/** Types and collations that the kinds name. */
export const COLUMN_KINDS_SQL = `
  CREATE EXTENSION citext;
  CREATE TYPE mood AS ENUM ('glad', 'sad');
  CREATE DOMAIN positive AS int CHECK (VALUE > 0);
  CREATE DOMAIN short_word AS varchar(5) CHECK (VALUE <> 'x');
  CREATE COLLATION "und-nocase" (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
`;
