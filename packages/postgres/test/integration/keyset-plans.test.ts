import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cursors, keyset, type KeysetOptions, type PageWarning, sql } from "../../src/index.ts";
import { allNodes, type PlanNode, unboundedSorts } from "../../src/keyset/explain/plan-node.ts";
import { TEST_SECRET } from "./keyset/walk-random-table.ts";

const ROWS = process.env["UPSHIFT_TEST_SCALE"] === "full" ? 300_000 : 60_000;
const PAGE_ROWS = 20;

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = new Pool({ connectionString: database.url, max: 2 });
  await pool.query(`
    CREATE TABLE posts (
      id bigint PRIMARY KEY, org_id int NOT NULL, score int, status text NOT NULL, rank int NOT NULL, at timestamptz NOT NULL, title text
    );
    -- 5 statuses, 7 ranks, 50 scores: large ties, which an index must not only find but have in order. Every tenth score is NULL.
    INSERT INTO posts SELECT g, g % 3, CASE WHEN g % 10 > 0 THEN (g * 7919) % 50 END, 's' || g % 5, g % 7,
      '2026-01-01'::timestamptz + (g * 104729 % ${ROWS}) * interval '1 s', 'title ' || g FROM generate_series(1::bigint, ${ROWS}) g;
    CREATE INDEX posts_at ON posts (at, id);
    CREATE INDEX posts_score ON posts (score DESC NULLS LAST, id DESC);
    CREATE INDEX posts_mixed ON posts (status, rank DESC, at, id);
    CREATE INDEX posts_org ON posts (org_id, at DESC, id DESC);
    CREATE INDEX posts_lower ON posts (lower(title), id);
  `);
  await pool.query("VACUUM (ANALYZE) posts");
}, 180_000);
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const list = (options: Pick<KeysetOptions, "order"> & Partial<KeysetOptions>) =>
  keyset(pool, {
    from: "posts",
    cursors: cursors({ secret: TEST_SECRET }),
    pageSize: PAGE_ROWS,
    maxPageSize: ROWS,
    ...options,
  });

interface Shape {
  readonly order: KeysetOptions["order"];
  readonly index: string;
  readonly where?: ReturnType<typeof sql>;
  /** Ranges at most. */
  readonly ranges: number;
}

const SHAPES: readonly (readonly [string, Shape])[] = [
  ["NOT NULL keys one way", { order: [["at", "desc"]], index: "posts_at", ranges: 1 }],
  [
    "a nullable key, NULLs last",
    { order: [["score", "desc", { nulls: "last" }]], index: "posts_score", ranges: 3 },
  ],
  [
    "mixed directions with large ties",
    { order: ["status", ["rank", "desc"], "at", "id"], index: "posts_mixed", ranges: 3 },
  ],
  [
    "after a filter by =",
    { order: [["at", "desc"]], index: "posts_org", where: sql`org_id = ${1}`, ranges: 1 },
  ],
  ["an expression", { order: [sql`lower(title)`], index: "posts_lower", ranges: 3 }],
];

describe.each(SHAPES)("%s", (_, { order, index, where, ranges }) => {
  test.each(["first", "last"] as const)(
    "read %s: by the index, nothing sorted but a page, nothing dropped, as little deep inside as at the start",
    async (direction) => {
      const posts = list({ order });
      const ends = ["auto", "force_generic_plan"] as const;
      for (const planning of ends) {
        await pool.query(`ALTER DATABASE ${database.name} SET plan_cache_mode = ${planning}`);
        const deep = await posts({ [direction]: ROWS / 6, where, select: ["id"] });
        const cursor = direction === "first" ? deep.next : deep.prev;
        const along = { [direction]: PAGE_ROWS, where };
        const near = await posts.explain(along);
        const far = await posts.explain({
          ...along,
          [direction === "first" ? "after" : "before"]: cursor,
        });
        expect(far.warnings).toEqual([]);
        expect(far.plan && unsuited(far.plan)).toEqual([]);
        const scans = allNodes(far.plan ?? NO_PLAN).filter((node) =>
          node["Node Type"].startsWith("Index"),
        );
        expect(new Set(scans.map((scan) => scan["Index Name"]))).toEqual(new Set([index]));
        expect(scans.every((scan) => scan["Index Cond"] !== undefined)).toBe(true);
        expect(scans.length).toBeLessThanOrEqual(ranges);
        // Each range goes down the index once, and reads at most a page of rows of the table.
        const most = ranges * (4 + PAGE_ROWS + 1);
        expect(far.sharedBufferCount).toBeLessThanOrEqual(most);
        expect(near.sharedBufferCount).toBeLessThanOrEqual(most);
      }
    },
  );
});

test("where the rows that tie come to an end, the rest of the table is not searched for more of them", async () => {
  // State 7 ends half way down the primary key: the other nine go on below, where not one row has it.
  await pool.query(`
    CREATE TABLE tasks (id int PRIMARY KEY, state int, title text);
    INSERT INTO tasks SELECT g, CASE WHEN g % 10 = 7 AND g <= ${ROWS} / 2 THEN 8 ELSE g % 10 END, 'task ' || g FROM generate_series(1, ${ROWS}) g;
    CREATE INDEX tasks_state ON tasks (state, id DESC)`);
  await pool.query("VACUUM (ANALYZE) tasks");
  const tasks = list({ from: "tasks", order: ["state", ["id", "desc"]] });
  const before = (7 * ROWS) / 10 + ROWS / 20 - 5;
  const { next } = await tasks({ first: before, select: ["id"] });
  const { plan, sharedBufferCount, warnings } = await tasks.explain({ after: next });
  expect(warnings).toEqual([]);
  expect(plan && unsuited(plan)).toEqual([]);
  expect(sharedBufferCount).toBeLessThan(60);
});

const NO_PLAN: PlanNode = { "Node Type": "none" };

/** Nodes that read more than they give on. A sort of what ranges gave, each limited to a page, is none. */
function unsuited(plan: PlanNode): readonly PlanNode[] {
  const dropping = allNodes(plan).filter(
    (node) =>
      ["Seq Scan", "Bitmap Heap Scan"].includes(node["Node Type"]) ||
      (node["Rows Removed by Filter"] ?? 0) > 0,
  );
  return [...dropping, ...unboundedSorts(plan)];
}

const warningsOf = async (
  options: Pick<KeysetOptions, "order"> & Partial<KeysetOptions>,
  where?: ReturnType<typeof sql>,
) => (await list(options).explain({ where })).warnings;

describe("warnings", () => {
  test("no index has the order: the DDL of one that does", async () => {
    expect(await warningsOf({ order: ["title", ["score", "desc", { nulls: "last" }]] })).toEqual([
      {
        kind: "no-index",
        message: expect.stringContaining('No index of "public"."posts"'),
        fix: 'CREATE INDEX CONCURRENTLY ON "public"."posts" ("title", "score" DESC NULLS LAST, "id" DESC)',
      },
    ]);
  });

  test("the advised index is the one that ends the warning, on a table too small for any index to be used", async () => {
    await pool.query(
      "CREATE TABLE few (id int PRIMARY KEY, n int, t text); INSERT INTO few VALUES (1, 2, 'a')",
    );
    const few: Pick<KeysetOptions, "order" | "from"> = {
      from: "few",
      order: [
        ["n", "desc", { nulls: "last" }],
        ["t", "asc", { collation: "C" }],
      ],
    };
    const [warning] = await warningsOf(few);
    expect(warning).toMatchObject({ kind: "no-index" });
    await pool.query((warning?.fix ?? "").replace("CONCURRENTLY", ""));
    expect(await warningsOf(few)).toEqual([]);
  });

  test("a placement that the index has not", async () => {
    const order: KeysetOptions["order"] = [["score", "desc"]];
    expect(await warningsOf({ order })).toMatchObject([{ kind: "no-index" }]);
  });

  test("a filter that drops far more than the page", async () => {
    const order: KeysetOptions["order"] = [["at", "desc"]];
    const warnings = await warningsOf({ order }, sql`title = ${"title 17"}`);
    expect(warnings).toMatchObject([{ kind: expect.stringMatching(/filter|sort/) }]);
    const rare = await warningsOf({ order }, sql`id % 1000 = ${1}`);
    expect(rare).toMatchObject([
      { kind: "filter", message: expect.stringContaining("A page of 20 rows") },
    ]);
  });

  test("SQL without an order of its own", async () => {
    const from = sql`posts JOIN (VALUES (1), (2)) AS v (n) ON v.n = posts.org_id`;
    const warnings = await warningsOf({
      from,
      order: [sql`posts.title`],
      primaryKey: [sql`posts.id`],
    });
    expect(warnings).toMatchObject([{ kind: "no-index", fix: undefined }]);
  });

  test("are told once per statement, after the page, and leave nothing behind", async () => {
    const told: PageWarning["kind"][] = [];
    const posts = list({ order: ["title"], onWarning: ({ kind }) => told.push(kind) });
    const { next } = await posts();
    expect(told).toEqual(["no-index"]);
    await posts();
    expect(told).toHaveLength(1);
    await posts({ after: next });
    await posts({ after: next });
    expect(told).toHaveLength(2);
    const settings = await pool.query("SHOW enable_sort");
    expect(settings.rows).toEqual([{ enable_sort: "on" }]);
  });
});

test("statements are prepared, the first of them only: filters that are written anew each time do not pile up on a connection", async () => {
  const single = new Pool({ connectionString: database.url, max: 1 });
  const posts = keyset(single, {
    from: "posts",
    order: [["at", "desc"]],
    cursors: cursors({ secret: TEST_SECRET }),
  });
  const preparedCount = async () =>
    (await single.query<{ n: number }>("SELECT count(*)::int AS n FROM pg_prepared_statements"))
      .rows[0]?.n;
  let after: string | undefined;
  for (let page = 0; page < 5; page += 1) after = (await posts({ first: 2, after })).next;
  expect(await preparedCount()).toBe(2);
  for (let size = 1; size <= 100; size += 1)
    await posts({ first: size, where: sql`id <> ${size}` });
  expect(await preparedCount()).toBe(64);
  await single.end();
});
