import { createHash } from "node:crypto";
import { inspect } from "node:util";
import { createTestDatabase, type TestDatabase } from "@upshift/services";
import * as fc from "fast-check";
import { escapeIdentifier, escapeLiteral, type Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { coalesce } from "../../src/load/coalesce/coalesce.ts";
import { COLUMN_KINDS, COLUMN_KINDS_SQL, type ColumnKind } from "../coalesce/column-types.ts";
import { keepingPool } from "../coalesce/pools.ts";
import { callQuery, errorFacts } from "../coalesce/outcomes.ts";

const IS_FULL = process.env["UPSHIFT_TEST_SCALE"] === "full";
const TABLES = IS_FULL ? 400 : 40;
const TICKS_PER_TABLE = 12;
const QUERIES_PER_TICK = 14;

interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
}

interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly indexes: readonly ("none" | "plain" | "unique")[];
}

/** One call of `query` of a tick. */
interface Ask {
  readonly args: readonly unknown[];
  /** With a LIMIT and more than one match, which row comes is not promised. */
  readonly comparesRows: boolean;
}

const NAMES = ["id", "Key", 'odd "name"', "k; DROP TABLE x", "ünï", "value", "__proto__", "2"];

const tables = fc
  .record({
    name: fc.constantFrom("plain", "Quoted Name", 'o"dd', "value"),
    names: fc.shuffledSubarray(NAMES, { minLength: 2, maxLength: 4 }),
    kinds: fc.array(fc.constantFrom(...COLUMN_KINDS), { minLength: 4, maxLength: 4 }),
    rows: fc.array(fc.array(fc.nat(99), { minLength: 4, maxLength: 4 }), { maxLength: 12 }),
    indexes: fc.array(fc.constantFrom("none" as const, "plain" as const, "unique" as const), {
      minLength: 4,
      maxLength: 4,
    }),
  })
  .map(({ name, names, kinds, rows, indexes }): Table => {
    const columns = names.map((column, index) => ({ name: column, kind: kinds[index]! }));
    return {
      name,
      columns,
      indexes,
      rows: rows.map((draws) =>
        columns.map(({ kind }, index) => {
          const draw = draws[index]!;
          return draw > 89 ? null : kind.stored[draw % kind.stored.length]!;
        }),
      ),
    };
  });

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.query(COLUMN_KINDS_SQL);
  pool = keepingPool({ connectionString: database.url, max: 3 });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

async function createTable({ name, columns, rows, indexes }: Table): Promise<void> {
  const table = escapeIdentifier(name);
  const definitions = columns.map(
    ({ name: column, kind }) => `${escapeIdentifier(column)} ${kind.type}`,
  );
  const values = rows.map(
    (row) => `(${row.map((cell) => (cell === null ? "NULL" : escapeLiteral(cell))).join(", ")})`,
  );
  await pool.query(
    `DROP TABLE IF EXISTS ${table}; CREATE TABLE ${table} (${definitions.join(", ")})`,
  );
  for (const row of values) await pool.query(`INSERT INTO ${table} VALUES ${row}`);
  for (const [index, { name: column }] of columns.entries()) {
    if (indexes[index] === "none") continue;
    const unique = indexes[index] === "unique" ? "UNIQUE" : "";
    // Some types have no index, some columns are not unique: then there is none.
    await pool
      .query(`CREATE ${unique} INDEX ON ${table} (${escapeIdentifier(column)})`)
      .catch(() => undefined);
  }
}

/** What a tick asks a table for: few texts, so that they meet; mostly point queries, in every dress. */
function ticks({ name, columns }: Table): fc.Arbitrary<readonly Ask[]> {
  const shapes = fc
    .record({
      keys: fc.shuffledSubarray(
        columns.map((_, index) => index),
        { minLength: 1, maxLength: 2 },
      ),
      list: fc.constantFrom(
        "*",
        "t.*, *",
        "columns",
        "columns",
        "aliases",
        "aliases",
        "expression",
      ),
      tail: fc.constantFrom(
        "",
        "",
        "",
        ";",
        " LIMIT 1",
        "\nlimit 1 ;",
        " ORDER BY 1",
        " FOR SHARE",
      ),
      cast: fc.constantFrom(
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "::text",
        "::int8",
        "::uuid",
        "::varchar(2)",
      ),
      hasAlias: fc.boolean(),
      form: fc.constantFrom("text", "text", "config", "named", "array"),
    })
    .map(({ keys, list, tail, cast, hasAlias, form }) => {
      const q = hasAlias ? "T." : "";
      const names = columns.map((column) => escapeIdentifier(column.name));
      const lists: Record<string, string> = {
        "*": "*",
        "t.*, *": hasAlias ? "t.*, *" : "*",
        columns: names.map((column) => q + column).join(" , "),
        aliases: `${names[0]} AS user, ${names[1]} AS "x""y", ${names[0]}`,
        expression: `count(*)`,
      };
      const where = keys
        .map((key, index) => `${q}${names[key]}=$${index + 1}${cast}`)
        .join(" and ");
      const table = `${form === "config" ? "public." : ""}${escapeIdentifier(name)}${hasAlias ? " AS t" : ""}`;
      return { text: `Select ${lists[list]} FROM ${table} WHERE ${where}${tail}`, keys, form };
    });
  // One value that the server cannot read has all the others of its batch run again.
  const clean = fc.boolean();
  return fc
    .tuple(fc.array(shapes, { minLength: 1, maxLength: 3 }), clean)
    .chain(([drawn, isClean]) =>
      fc.array(
        fc
          .tuple(fc.nat(drawn.length - 1), fc.array(fc.nat(999), { minLength: 2, maxLength: 2 }))
          .map(([at, draws]): Ask => {
            const { text, keys, form } = drawn[at]!;
            const values = keys.map((key, index) => {
              const { asked, stored } = columns[key]!.kind;
              const draw = draws[index]!;
              if (isClean) return stored[draw % stored.length];
              if (draw % 23 === 0) return draw % 2 === 0 ? null : undefined;
              return draw % 2 === 0 ? stored[draw % stored.length] : asked[draw % asked.length];
            });
            const comparesRows = !/limit/i.test(text);
            if (form === "text") return { args: [text, values], comparesRows };
            if (form === "config") return { args: [{ text, values }], comparesRows };
            if (form === "named") return { args: [{ text, name: "named" }, values], comparesRows };
            return { args: [{ text, rowMode: "array", values }], comparesRows };
          }),
        { minLength: 2, maxLength: QUERIES_PER_TICK },
      ),
    );
}

function statementName(table: number, text: string): string {
  return createHash("sha256").update(`${table} ${text}`).digest("hex").slice(0, 40);
}

/** Rows in an order of their own: without ORDER BY they have none. */
function comparable(outcome: PromiseSettledResult<unknown>, { comparesRows }: Ask): unknown {
  if (outcome.status === "rejected") return outcome;
  const result = outcome.value as { rows: readonly object[] };
  const texts = result.rows.map((row) => inspect(row, { depth: 9 }));
  const order = result.rows
    .map((_, index) => index)
    .toSorted((a, b) => (texts[a]! < texts[b]! ? -1 : 1));
  return Object.assign(result, {
    rows: comparesRows ? order.map((index) => result.rows[index]) : [],
  });
}

test(
  "whatever is asked of whatever table, each caller gets what its query alone would have got",
  async () => {
    let tableCount = 0;
    const totals = { coalesced: 0, rerun: 0, queries: 0 };
    const reasons = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        tables.chain((table) =>
          fc.tuple(
            fc.constant(table),
            fc.array(ticks(table), { minLength: TICKS_PER_TABLE, maxLength: TICKS_PER_TABLE }),
          ),
        ),
        async ([table, drawn]) => {
          await createTable(table);
          const db = coalesce(pool);
          tableCount += 1;
          // A statement that a caller has prepared keeps the types of an earlier table of the same name.
          const named = (args: readonly unknown[]): readonly unknown[] => {
            const [first, ...rest] = args as [string | { text: string; name?: string }];
            if (typeof first === "string" || first.name === undefined) return args;
            return [{ ...first, name: statementName(tableCount, first.text) }, ...rest];
          };
          for (const asks of drawn) {
            const together = await Promise.allSettled(
              asks.map(({ args }) => callQuery(db, named(args))),
            );
            const alone = await Promise.allSettled(
              asks.map(({ args }) => callQuery(pool, named(args))),
            );
            const pairs = asks.map((asked, index) => [
              comparable(together[index]!, asked),
              comparable(alone[index]!, asked),
            ]);
            expect(pairs.map(([ours]) => ours)).toStrictEqual(pairs.map(([, theirs]) => theirs));
            expect(together.map(errorFacts)).toEqual(alone.map(errorFacts));
          }
          const stats = db.stats();
          totals.coalesced += stats.coalesced;
          totals.rerun += stats.rerun;
          totals.queries += stats.queries;
          for (const reason of Object.keys(stats.refused)) reasons.add(reason);
        },
      ),
      { numRuns: TABLES, seed: 20_261_122, endOnFailure: true },
    );
    // It was about something: much was coalesced, much failed and was run again, every kind of refusal came up.
    expect(totals.queries).toBeGreaterThan(TABLES * TICKS_PER_TABLE * 4);
    expect(totals.coalesced).toBeGreaterThan(totals.queries / 8);
    expect(totals.rerun).toBeGreaterThan(totals.queries / 50);
    expect([...reasons]).toEqual(
      expect.arrayContaining(["statement", "order or limit", "locking", "not unique"]),
    );
  },
  IS_FULL ? 600_000 : 120_000,
);
