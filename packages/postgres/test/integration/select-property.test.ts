import { createTestDatabase, type TestDatabase } from "@upshift/services";
import * as fc from "fast-check";
import { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type {
  FieldDefinitions,
  JoinDefinition,
  ProjectionDefinition,
} from "../../src/select/projection-definition.ts";
import { projection } from "../../src/select/projection.ts";
import { sql } from "../../src/sql/sql.ts";

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = new Pool({ connectionString: database.url, max: 2 });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const CASES = process.env["UPSHIFT_TEST_SCALE"] === "full" ? 200 : 60;
const SUBSETS = 6;
const baseOrder = sql`base.id`;
const REFERENCES = ["r0", "r1"] as const;
const VALUES = ["id", "code", "val", ...REFERENCES] as const;

type Draw = fc.GeneratorValue;
type Cell = number | string | null;
type TableRow = Readonly<Record<string, Cell>>;
interface Table {
  readonly name: string;
  readonly rows: readonly TableRow[];
}

const int = (draw: Draw, min: number, max: number) => draw(fc.integer, { min, max });
const bool = (draw: Draw) => draw(fc.boolean);
function pick<T>(draw: Draw, items: readonly T[]): T {
  return items[int(draw, 0, items.length - 1)] as T;
}

/** Tables with keys, unique columns with NULLs, and references of every strength: none, nullable, certain. */
async function createTables(draw: Draw, schema: string): Promise<readonly Table[]> {
  const tables: Table[] = [];
  const statements = [`CREATE SCHEMA ${schema}`];
  const count = int(draw, 2, 4);
  for (let index = 0; index < count; index++) {
    const name = `${schema}.t${index}`;
    const references = REFERENCES.map(() => ({
      target: tables.length > 0 && bool(draw) ? pick(draw, tables) : undefined,
      isNotNull: bool(draw),
    }));
    const rowCount = int(draw, index === 0 ? 1 : 0, 6);
    const reference = ({ target, isNotNull }: (typeof references)[number]): Cell => {
      const ids = target?.rows.map(({ id }) => id as number) ?? [1, 2, 3, 4, 9];
      return ids.length > 0 && (isNotNull || bool(draw)) ? pick(draw, ids) : null;
    };
    const isPossible = references.every(
      ({ target, isNotNull }) => !isNotNull || target === undefined || target.rows.length > 0,
    );
    const rows = Array.from({ length: isPossible ? rowCount : 0 }, (_, row) => ({
      id: row + 1,
      code: bool(draw) ? row + 2 : null,
      val: bool(draw) ? `v${row}` : null,
      r0: reference(references[0] as (typeof references)[number]),
      r1: reference(references[1] as (typeof references)[number]),
    }));
    const columns = references.map(
      ({ target, isNotNull }, at) =>
        `r${at} int${isNotNull ? " NOT NULL" : ""}${target === undefined ? "" : ` REFERENCES ${target.name}`}`,
    );
    statements.push(
      `CREATE TABLE ${name} (id int PRIMARY KEY, code int UNIQUE, val text, ${columns.join(", ")})`,
      ...rows.map(
        ({ id, code, val, r0, r1 }) =>
          `INSERT INTO ${name} VALUES (${[id, code, val === null ? null : `'${val}'`, r0, r1].map((cell) => cell ?? "NULL").join(", ")})`,
      ),
    );
    tables.push({ name, rows });
  }
  await pool.query(statements.join(";\n"));
  return tables;
}

interface Graph {
  readonly definition: ProjectionDefinition;
  readonly joins: readonly (readonly [string, JoinDefinition])[];
  readonly base: Table;
  readonly tables: readonly Table[];
}

function drawGraph(draw: Draw, tables: readonly Table[]): Graph {
  const base = pick(draw, tables);
  const joins: [string, JoinDefinition][] = [];
  for (let index = int(draw, 0, 5); index > 0; index--) {
    const from = joins.length > 0 && bool(draw) ? pick(draw, joins)[0] : undefined;
    joins.push([
      `j${index}`,
      {
        table: pick(draw, tables).name,
        ...(from === undefined ? {} : { from }),
        on: {
          [pick(
            draw,
            VALUES.filter((name) => name !== "val"),
          )]: pick(draw, ["id", "code"]),
        },
        kind: pick(draw, ["left", "inner"] as const),
      },
    ]);
  }
  const fields = drawFields(draw, { tables, joins: joins.map(([name]) => name), depth: 2 });
  const definition = { table: base.name, as: "base", joins: Object.fromEntries(joins), fields };
  return { definition, joins, base, tables };
}

function drawFields(
  draw: Draw,
  place: {
    readonly tables: readonly Table[];
    readonly joins: readonly string[];
    readonly depth: number;
  },
): FieldDefinitions {
  const { tables, joins, depth } = place;
  const entries = Array.from({ length: int(draw, 1, 4) }, (_, index) => {
    const form = int(draw, 0, depth > 0 ? 4 : 1);
    const column = pick(draw, VALUES);
    if (form <= 1 || joins.length === 0) {
      if (form === 0 || joins.length === 0) return [`f${index}`, column];
      return [`f${index}`, { join: pick(draw, joins), column }];
    }
    if (form <= 3) {
      const fields = drawFields(draw, { ...place, depth: depth - 1 });
      return [`f${index}`, { join: pick(draw, joins), fields }];
    }
    const from = bool(draw) ? { from: pick(draw, joins) } : {};
    const fields = drawFields(draw, { tables, joins: [], depth: 0 });
    const on = { [pick(draw, ["id", "r0"])]: pick(draw, REFERENCES) };
    return [
      `f${index}`,
      { many: pick(draw, tables).name, as: `list${depth}`, ...from, on, fields },
    ];
  });
  return Object.fromEntries(entries);
}

type Joined = Readonly<Record<string, TableRow | null>>;

/** The full join, by nested loops over the rows in memory. */
function joinAll({ base, joins, tables }: Graph): readonly Joined[] {
  let result: readonly Joined[] = base.rows.map((row) => ({ base: row }));
  for (const [name, { table, from = "base", on, kind }] of joins) {
    const [[left, right] = ["", ""]] = Object.entries(on);
    const others = tables.find((other) => other.name === table)?.rows ?? [];
    result = result.flatMap((row) => {
      const key = row[from]?.[left] ?? null;
      const found = key === null ? undefined : others.find((other) => other[right] === key);
      return found === undefined && kind === "inner" ? [] : [{ ...row, [name]: found ?? null }];
    });
  }
  return result;
}

/** What the fields make of a joined row, and of that what was asked for. */
function show(
  fields: FieldDefinitions,
  row: Joined,
  graph: Graph,
  within: string,
  asked: Asked,
): object {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, field]) => {
      const part = asked.get(name);
      return part === undefined ? [] : [[name, showField(field, row, graph, within, part)]];
    }),
  );
}

function showField(
  field: FieldDefinitions[string],
  row: Joined,
  graph: Graph,
  within: string,
  asked: Asked,
): unknown {
  if (typeof field === "string") return row[within]?.[field] ?? null;
  if ("sql" in field) throw new Error("there are none");
  if ("many" in field) {
    const [[left, right] = ["", ""]] = Object.entries(field.on);
    const key = row[field.from ?? within]?.[left] ?? null;
    const rows = graph.tables.find(({ name }) => name === field.many)?.rows ?? [];
    const found = rows.filter((other) => key !== null && other[right] === key);
    return found.map((item) => show(field.fields, { item }, graph, "item", asked));
  }
  if ("column" in field) return row[field.join]?.[field.column] ?? null;
  if (row[field.join] === null) return null;
  return show(field.fields, row, graph, field.join, asked);
}

type Asked = ReadonlyMap<string, Asked>;

function toTree(paths: readonly string[]): Asked {
  const heads = new Set(paths.map((path) => path.split(".")[0] ?? ""));
  return new Map(
    [...heads].map((head) => {
      const below = paths.filter((path) => path.startsWith(`${head}.`));
      return [head, toTree(below.map((path) => path.slice(head.length + 1)))];
    }),
  );
}

describe("over random tables and graphs of joins", () => {
  let schemas = 0;
  test(
    "any fields give what the full join gives of them, row by row",
    { timeout: 300_000 },
    async () => {
      let pruned = 0;
      await fc.assert(
        fc.asyncProperty(fc.gen(), async (draw) => {
          schemas += 1;
          const schema = `s${schemas}`;
          const graph = drawGraph(draw, await createTables(draw, schema));
          const some = projection(graph.definition);
          const full = joinAll(graph);
          for (let subset = 0; subset < SUBSETS; subset++) {
            const paths = some.paths.filter(() => bool(draw));
            const asked = paths.length === 0 ? some.paths : paths;
            const statement = (await some.sql(pool, asked)).compile().text;
            pruned += statement.split(" JOIN ").length - 1 < graph.joins.length ? 1 : 0;
            const rows = await some.select(pool, asked, { orderBy: baseOrder });
            const tree = toTree(asked);
            const expected = full.map((row) =>
              show(graph.definition.fields, row, graph, "base", tree),
            );
            expect(rows).toEqual(expected);
          }
          await pool.query(`DROP SCHEMA ${schema} CASCADE`);
        }),
        { numRuns: CASES, seed: 20_261_122, endOnFailure: true },
      );
      // Else nothing was tested.
      expect(pruned).toBeGreaterThan(CASES);
    },
  );
});
