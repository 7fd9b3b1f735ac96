import * as fc from "fast-check";

/** A column of a random table: its type and the texts that PostgreSQL reads its values from; `null` is NULL. */
export interface RandomColumn {
  readonly type: string;
  readonly values: readonly (string | null)[];
}

const digits = (max: number) => fc.stringMatching(new RegExp(`^[1-9][0-9]{0,${max - 1}}$`));
const signed = (text: fc.Arbitrary<string>) =>
  fc.tuple(fc.constantFrom("", "-"), text).map((parts) => parts.join(""));

/** Everything that may confuse a writer of text: quotes, escapes, control characters, white space, other planes, formulas. */
const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 12 }).map((value) => value.replaceAll("\0", "")),
  fc.constantFrom(
    "",
    " ",
    "\\N",
    "\\.",
    "NULL",
    "null",
    "\\",
    '"',
    "'",
    ",",
    "\n",
    "\r\n",
    "\t",
    "\v\f\b",
    "\u0001\u001f\u007f",
    "\u2028",
    "=1+1",
    "+1",
    "-1",
    "@a",
    "\t=1",
    "'=1",
    '"=1"',
    " =1",
    "＝1",
    "é😀",
    "\\n",
    "a,b",
    "{}",
    '{"a":1}',
  ),
  fc.string({ unit: fc.constantFrom("a", '"', "\\", "\n", "\t", ",", "é"), maxLength: 60 }),
);
const integer = (bits: bigint) =>
  fc.bigInt({ min: -(2n ** (bits - 1n)), max: 2n ** (bits - 1n) - 1n }).map(String);
const float8 = fc.oneof(
  fc.double().map((value) => (Object.is(value, -0) ? "-0" : String(value))),
  fc.constantFrom(
    "NaN",
    "Infinity",
    "-Infinity",
    "-0",
    "0",
    "1e15",
    "1e-5",
    "1e21",
    "123456789012345",
    "0.1",
    "1e23",
    "5e-324",
    "1e-7",
    "100000",
    "1e6",
  ),
  fc.double({ min: -1000, max: 1000, noNaN: true }).map((value) => value.toFixed(3)),
);
const float4 = fc.oneof(
  fc.float().map((value) => (Object.is(value, -0) ? "-0" : String(value))),
  fc.constantFrom("NaN", "1e6", "16777217", "0.1", "1e-5", "3.4e38"),
);
const numeric = fc.oneof(
  fc.constantFrom("NaN", "Infinity", "-Infinity", "0", "0.00", "-0.5", "1e-20"),
  signed(
    fc
      .tuple(digits(30), fc.constantFrom("", ".5", ".10", ".000001"))
      .map((parts) => parts.join("")),
  ),
);
const pad = (value: number, length = 2) => String(value).padStart(length, "0");
const year = fc.oneof(
  fc.integer({ min: 1, max: 9_999 }),
  fc.integer({ min: 1900, max: 2100 }),
  fc.integer({ min: 10_000, max: 200_000 }),
);
const day = fc
  .tuple(year, fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 }))
  .map(([y, m, d]) => `${pad(y, 4)}-${pad(m)}-${pad(d)}`);
const bc = fc.constantFrom("", "", "", "", " BC");
const date = fc.oneof(
  fc
    .tuple(day, bc)
    .filter(([value, era]) => era === "" || Number.parseInt(value, 10) < 4_000)
    .map((parts) => parts.join("")),
  fc.constantFrom("infinity", "-infinity"),
);
const time = fc
  .tuple(
    fc.integer({ min: 0, max: 23 }),
    fc.integer({ min: 0, max: 59 }),
    fc.integer({ min: 0, max: 59 }),
    fc.constantFrom("", ".1", ".12", ".123", ".1239", ".123999", ".000001", ".999999"),
  )
  .map(([h, m, s, fraction]) => `${pad(h)}:${pad(m)}:${pad(s)}${fraction}`);
const timestamp = fc.oneof(
  fc.tuple(day, time).map((parts) => parts.join(" ")),
  fc.constantFrom(
    "infinity",
    "-infinity",
    "0044-03-15 12:00:00 BC",
    "0099-12-31 23:59:59.999999",
    "294276-01-01 00:00:00",
  ),
);
const timestamptz = fc.oneof(
  fc
    .tuple(day, time, fc.constantFrom("+00", "+01", "-08", "+05:30", "-03:30", "+13:45"))
    .map(([d, t, zone]) => `${d} ${t}${zone}`),
  timestamp,
);
const interval = fc.oneof(
  fc.constantFrom(
    "0",
    "1 year 2 mons",
    "-3 days",
    "1 day -01:02:03.004",
    "00:00:00.5",
    "-1 year",
    "100 hours",
  ),
  fc
    .tuple(
      fc.integer({ min: -50, max: 50 }),
      fc.integer({ min: -400, max: 400 }),
      fc.integer({ min: -1e6, max: 1e6 }),
    )
    .map(([y, d, s]) => `${y} years ${d} days ${s} seconds`),
);
const json = fc
  .jsonValue({ maxDepth: 2 })
  .chain((value) =>
    fc.constantFrom(
      JSON.stringify(value),
      JSON.stringify(value, null, 2),
      ` ${JSON.stringify(value, null, "\t").replaceAll("\n", "\r\n")} `,
    ),
  )
  .filter((value) => !value.includes("\\u0000") && !/\\ud[89a-f]/i.test(value));
const bytes = fc
  .uint8Array({ maxLength: 12 })
  .map((value) => `\\x${Buffer.from(value).toString("hex")}`);
const point = fc
  .tuple(fc.integer({ min: -99, max: 99 }), fc.double({ min: -5, max: 5, noNaN: true }))
  .map(([x, y]) => `(${x},${y})`);
const uuid = fc.uuid();

/** An array's text; quoting every element is always right. */
function arrayOf(element: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const quoted = fc
    .option(element, { nil: null })
    .map((value) =>
      value === null ? "NULL" : `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`,
    );
  const flat = fc.array(quoted, { maxLength: 4 }).map((values) => `{${values.join(",")}}`);
  const nested = fc
    .tuple(quoted, quoted, quoted, quoted)
    .map(([a, b, c, d]) => `{{${a},${b}},{${c},${d}}}`);
  const shifted = fc.tuple(quoted, quoted).map(([a, b]) => `[0:1]={${a},${b}}`);
  return fc.oneof({ weight: 4, arbitrary: flat }, nested, shifted);
}

/** Every type that pg reads in a way of its own, and some of those that it leaves as text. */
export const TYPES: Readonly<Record<string, fc.Arbitrary<string>>> = {
  bool: fc.constantFrom("t", "f"),
  int2: integer(16n),
  int4: integer(32n),
  int8: integer(64n),
  oid: fc.integer({ min: 0, max: 4e9 }).map(String),
  float4,
  float8,
  numeric,
  "numeric(12,2)": signed(fc.tuple(digits(9), digits(2)).map((parts) => parts.join("."))),
  text,
  varchar: text,
  "char(5)": fc.constantFrom("", "a", "ab   ", "é", 'a"b'),
  '"char"': fc.constantFrom("a", "-", "="),
  name: fc.constantFrom("a", "=b", 'x"y'),
  date,
  timestamp,
  timestamptz,
  time,
  timetz: time.map((value) => `${value}+02`),
  interval,
  json,
  jsonb: json,
  bytea: bytes,
  point,
  circle: fc
    .tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: 0, max: 9 }))
    .map(([x, r]) => `<(${x},0.5),${r}>`),
  box: fc.constant("(1,1),(0,0)"),
  uuid,
  inet: fc.constantFrom("10.0.0.1", "10.0.0.0/8", "::1"),
  cidr: fc.constantFrom("10.0.0.0/8"),
  macaddr: fc.constant("08:00:2b:01:02:03"),
  money: fc.constantFrom("$1,234.56", "-$5.00"),
  bit: fc.constantFrom("0", "1"),
  "bit varying": fc.constantFrom("", "0101"),
  int4range: fc.constantFrom("[1,5)", "empty", "(,5)"),
  tsvector: fc.constantFrom("'a' 'b'", "'it''s':1"),
  xml: fc.constantFrom('<a b="c">d</a>'),
  mood: fc.constantFrom("glad", 'so, "so"'),
  positive: fc.integer({ min: 1, max: 99 }).map(String),
  large: integer(64n),
  pair: fc.constantFrom("(1,a)", "(,)", '(2,"b ""c""")'),
  "int4[]": arrayOf(integer(32n)),
  "int8[]": arrayOf(integer(64n)),
  "float8[]": arrayOf(float8),
  "numeric[]": arrayOf(numeric),
  "text[]": arrayOf(text),
  "bool[]": arrayOf(fc.constantFrom("t", "f")),
  "timestamptz[]": arrayOf(timestamptz),
  "date[]": arrayOf(date),
  "jsonb[]": arrayOf(json),
  "json[]": arrayOf(json),
  "bytea[]": arrayOf(bytes),
  "interval[]": arrayOf(interval),
  "uuid[]": arrayOf(uuid),
  "point[]": arrayOf(point),
  "mood[]": arrayOf(fc.constantFrom("glad", 'so, "so"')),
  "pair[]": arrayOf(fc.constantFrom("(1,a)", '(2,"b ""c""")')),
};

/** The types of the tables above that are not built in. */
export const CREATE_TYPES = `
  CREATE TYPE mood AS ENUM ('glad', 'so, "so"');
  CREATE DOMAIN positive AS int CHECK (VALUE > 0);
  CREATE DOMAIN large AS int8;
  CREATE TYPE pair AS (a int, b text)`;

/** Columns of one table, each with as many values. */
export const randomColumns: fc.Arbitrary<readonly RandomColumn[]> = fc
  .tuple(
    fc.uniqueArray(fc.constantFrom(...Object.keys(TYPES)), { minLength: 1, maxLength: 7 }),
    fc.integer({ min: 0, max: 9 }),
  )
  .chain(([types, rows]) =>
    fc.tuple(
      ...types.map((type) =>
        fc
          .array(fc.option(TYPES[type] ?? fc.constant(""), { nil: null, freq: 5 }), {
            minLength: rows,
            maxLength: rows,
          })
          .map((values) => ({ type, values })),
      ),
    ),
  );

/** Names that are awkward in SQL, JSON or CSV. */
export const columnName: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "id",
    "a b",
    'a"b',
    "é",
    "1",
    "10",
    "=x",
    "a,b",
    "t",
    "upshift_row",
    "c0",
    "__proto__",
    "constructor",
    "A",
    "a\\b",
    "a\tb",
    "a\nb",
  ),
  fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 8 })
    .map((name) => name.replaceAll("\0", "_")),
);
