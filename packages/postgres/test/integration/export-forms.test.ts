import { createTestDatabase, type TestDatabase } from "@upshift/services";
import * as fc from "fast-check";
import { Client, Pool, types as pgTypes } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exportRows, type ExportRowsOptions } from "../../src/index.ts";
import { Collector } from "../stream/collect.ts";
import { parseCsv } from "../stream/parse-csv.ts";
import {
  columnName,
  CREATE_TYPES,
  type RandomColumn,
  randomColumns,
  TYPES,
} from "../stream/random-rows.ts";

const IS_FULL = process.env["UPSHIFT_TEST_SCALE"] === "full";
const RUNS = IS_FULL ? 1_000 : 150;

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.query(CREATE_TYPES);
  pool = new Pool({ connectionString: database.url, max: 4 });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** The columns as a query: values are bound as text and read by their types. */
function queryOf(columns: readonly RandomColumn[], names: readonly string[]) {
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const rowCount = columns[0]?.values.length ?? 0;
  const rows = Array.from({ length: rowCount }, (_, row) => {
    const cells = columns.map(({ type, values: cell }) => `${bind(cell[row])}::text::${type}`);
    return `(${[row, ...cells].join(", ")})`;
  });
  const none = `SELECT 0, ${columns.map(({ type }) => `NULL::${type}`).join(", ")} WHERE false`;
  const source = rowCount === 0 ? none : `VALUES ${rows.join(", ")}`;
  const list = names.map((name, index) => `v.c${index} AS ${quote(name)}`);
  const aliases = ["n", ...columns.map((_, index) => `c${index}`)];
  return {
    text: `SELECT ${list.join(", ")} FROM (${source}) AS v(${aliases.join(", ")}) ORDER BY v.n`,
    values,
  };
}

const table = fc
  .tuple(randomColumns, fc.array(columnName, { minLength: 7, maxLength: 7 }))
  .map(([columns, names]) => queryOf(columns, names.slice(0, columns.length)));

async function exported(
  query: { readonly text: string; readonly values: unknown[] },
  options: ExportRowsOptions,
): Promise<string> {
  const collector = new Collector();
  const result = await exportRows(pool, query, collector, options);
  expect(result.sizeBytes).toBe(Buffer.byteLength(collector.text));
  return collector.text;
}

/** PostgreSQL keeps white space, numbers and the order of keys in json; equal after a round through JavaScript. */
const throughJavaScript = (json: string): string => JSON.stringify(JSON.parse(json));
const hasJson = (text: string): boolean => /::jsonb?\b/.test(text);

describe("types as JavaScript has them", () => {
  test.each(["copy", "cursor"] as const)(
    "by %s every line of NDJSON is JSON.stringify of pg's row, and JSON that of all rows",
    async (mode) => {
      await fc.assert(
        fc.asyncProperty(table, async (query) => {
          const { rows } = await pool.query(query);
          const form = hasJson(query.text) ? throughJavaScript : String;
          const ndjson = await exported(query, { format: "ndjson", mode });
          expect(ndjson.slice(0, -1).split("\n").map(form)).toEqual([
            ...rows.map((row) => JSON.stringify(row)),
            JSON.stringify({ $end: true, rows: rows.length }),
          ]);
          expect(form(await exported(query, { format: "json", mode }))).toBe(
            JSON.stringify({ data: rows, complete: true }),
          );
        }),
        { numRuns: RUNS, seed: 4 },
      );
    },
    300_000,
  );

  test("every type is alike in every time zone of server and process", async () => {
    const before = process.env["TZ"];
    try {
      for (const zone of ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kolkata"]) {
        process.env["TZ"] = zone;
        for (const session of ["UTC", "America/Los_Angeles", "Asia/Kathmandu"]) {
          await fc.assert(
            fc.asyncProperty(times, async (query) => {
              const client = new Client({
                connectionString: database.url,
                options: `-c TimeZone=${session}`,
              });
              await client.connect();
              try {
                const { rows } = await client.query(query);
                const collector = new Collector();
                await exportRows(client, query, collector, { format: "json", onEnd: "none" });
                expect(collector.text).toBe(JSON.stringify(rows));
              } finally {
                await client.end();
              }
            }),
            { numRuns: IS_FULL ? 30 : 4, seed: 5 },
          );
        }
      }
    } finally {
      if (before === undefined) delete process.env["TZ"];
      else process.env["TZ"] = before;
    }
  }, 120_000);

  test("parsers of the caller are used in place of pg's", async () => {
    const types = {
      getTypeParser: (oid: number) => (text: string) =>
        oid === 20 ? Number(text) : `${oid}:${text}`,
    };
    const query = { text: `SELECT 12::int8 AS a, 'x"y'::text AS b, 1.5 AS c`, values: [] };
    expect(await exported(query, { format: "json", onEnd: "none", types })).toBe(
      '[{"a":12,"b":"25:x\\"y","c":"1700:1.5"}]',
    );
    const plain = { text: "SELECT 7::int8 AS a, '{1,2}'::int[] AS b", values: [] };
    expect(await exported(plain, { format: "csv", types: pgTypes })).toBe('a,b\r\n7,"[1,2]"\r\n');
  });
});

const times = fc
  .record({
    date: TYPES["date"] ?? fc.constant(""),
    timestamp: TYPES["timestamp"] ?? fc.constant(""),
    timestamptz: TYPES["timestamptz"] ?? fc.constant(""),
    "timestamptz[]": TYPES["timestamptz[]"] ?? fc.constant(""),
  })
  .map((row) =>
    queryOf(
      Object.entries(row).map(([type, value]) => ({ type, values: [value] })),
      Object.keys(row),
    ),
  );

/** What a cell says: strings as they are, nothing for null, JSON of everything else. */
const cellOf = (value: unknown): string | null => {
  const json = JSON.stringify(value);
  if (json === "null") return null;
  return json.startsWith('"') ? String(JSON.parse(json)) : json;
};

describe("CSV", () => {
  test.each(["copy", "cursor"] as const)(
    "by %s the cells are the values, NULL is not the empty string, and the header has the names",
    async (mode) => {
      await fc.assert(
        fc.asyncProperty(
          table.filter(({ text }) => !hasJson(text)),
          async (query) => {
            const { rows, fields } = await pool.query({ ...query, rowMode: "array" });
            const csv = await exported(query, { format: "csv", mode });
            expect(parseCsv(csv)).toEqual([
              fields.map(({ name }) => name),
              ...rows.map((row: unknown[]) => row.map(cellOf)),
            ]);
          },
        ),
        { numRuns: RUNS, seed: 6 },
      );
    },
    300_000,
  );

  test.each(["copy", "cursor"] as const)(
    "by %s and with PostgreSQL's own forms it has the cells of COPY",
    async (mode) => {
      await fc.assert(
        fc.asyncProperty(table, async (query) => {
          const csv = await exported(query, { format: "csv", mode, types: "postgres" });
          const texts = { getTypeParser: () => (text: string) => text };
          const { rows } = await pool.query({ ...query, rowMode: "array", types: texts });
          expect(parseCsv(csv).slice(1)).toEqual(rows);
        }),
        { numRuns: Math.ceil(RUNS / 3), seed: 7 },
      );
    },
    300_000,
  );
});

describe("types as PostgreSQL has them", () => {
  test.each(["copy", "cursor"] as const)(
    "by %s a row is row_to_json of it",
    async (mode) => {
      await fc.assert(
        fc.asyncProperty(table, async (query) => {
          const { rows } = await pool.query({
            text: `SELECT row_to_json(q.*)::text AS line FROM (${query.text}) AS q`,
            values: query.values,
          });
          const lines = rows.map(({ line }) => String(line).replaceAll(/[\n\r]/g, " "));
          const options = { mode, types: "postgres", onEnd: "none" } as const;
          expect(await exported(query, { ...options, format: "json" })).toBe(
            `[${lines.join(",")}]`,
          );
          expect(await exported(query, { ...options, format: "ndjson" })).toBe(
            lines.map((line) => `${line}\n`).join(""),
          );
        }),
        { numRuns: Math.ceil(RUNS / 3), seed: 8 },
      );
    },
    300_000,
  );
});

test.each(["copy", "cursor"] as const)("by %s rows without columns are rows", async (mode) => {
  const query = { text: "SELECT FROM generate_series(1, 2)", values: [] };
  expect(await exported(query, { format: "json", mode })).toBe('{"data":[{},{}],"complete":true}');
  expect(await exported(query, { format: "csv", mode, header: false })).toBe("\r\n\r\n");
});

test("rows larger than a chunk, and values that grow sixfold, come whole", async () => {
  const query = {
    text: `SELECT repeat($1, 200000) AS a, repeat('"', 70000) AS b, decode(repeat('ff', 30000), 'hex') AS c, n FROM generate_series(1, 3) AS n`,
    values: ["\u0001"],
  };
  const { rows } = await pool.query(query);
  expect(await exported(query, { format: "json", onEnd: "none" })).toBe(JSON.stringify(rows));
});
