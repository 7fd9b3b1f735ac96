import { describe, expect, test } from "vitest";
import type { Finding } from "@upshift/findings";
import { recorded, recordedNames } from "../test/recorded-plans.ts";
import { diagnosePlan } from "./diagnose-plan.ts";
import { parsePlan } from "./parse-plan.ts";

function findingsOf(text: string): readonly Finding[] {
  return diagnosePlan(parsePlan(text));
}

function found(name: string): readonly string[] {
  return findingsOf(recorded(name)).map(({ rule }) => rule);
}

const seqScanText = (options: {
  readonly read: number;
  readonly kept: number;
  readonly ms: number;
  readonly filter: string;
}): string =>
  `Seq Scan on orders  (cost=0.00..${options.read / 40}.00 rows=${options.kept} width=52) (actual time=0.010..${options.ms}.000 rows=${options.kept} loops=1)
  Filter: ${options.filter}
  Rows Removed by Filter: ${options.read - options.kept}`;

const keyOf = (ms: number, value: number): string | undefined =>
  findingsOf(seqScanText({ read: 500_000, kept: 5, ms, filter: `(user_id = ${value})` }))[0]?.key;
const sqlFor = (filter: string): string | undefined =>
  findingsOf(seqScanText({ read: 500_000, kept: 5, ms: 80, filter })).find(
    ({ rule }) => rule === "plan/seq-scan",
  )?.fix.sql;
const scan = (planned: number, came: number, loops = 1): string =>
  `Seq Scan on t  (cost=0.00..900.00 rows=${planned} width=4) (actual time=0.010..20.000 rows=${came} loops=${loops})`;
const wrap = (parent: string, ...children: readonly string[]): string =>
  [
    `${parent}  (cost=0.00..1000.00 rows=10 width=4) (actual time=0.010..50.000 rows=10 loops=1)`,
    ...children.map((child) => `  ->  ${child}`),
  ].join("\n");
const misestimates = (text: string): number =>
  findingsOf(text).filter(({ rule }) => rule === "plan/misestimate").length;
const limitText = (
  child: number,
): string => `Limit  (cost=0.00..1.00 rows=20 width=4) (actual time=0.010..9.000 rows=20 loops=1)
  ->  Index Scan using t_pkey on t  (cost=0.00..900.00 rows=90000 width=4) (actual time=0.010..8.000 rows=${child} loops=1)`;
const sortText = (
  kb: number,
): string => `Sort  (cost=0.00..1.00 rows=20 width=4) (actual time=0.010..9.000 rows=20 loops=1)
  Sort Key: a
  Sort Method: external merge  Disk: ${kb}kB`;

describe("the guide's example", () => {
  const [finding] = findingsOf(`Seq Scan on orders  (cost=0.00..15406.00 rows=1 width=52)
                     (actual time=0.018..89.432 rows=5 loops=1)
  Filter: (user_id = 123)
  Rows Removed by Filter: 499995
  Buffers: shared hit=5406`);

  test("gives its CREATE INDEX, labelled a hint without a database", () => {
    expect(finding).toMatchObject({
      rule: "plan/seq-scan",
      confidence: "hint",
      severity: "error",
      where: { table: "orders" },
      probe: { table: "orders", predicate: "user_id = $1" },
      cost: { ms: 89.432 },
    });
    expect(finding?.fix.sql).toBe(
      "CREATE INDEX CONCURRENTLY orders_user_id_idx ON orders (user_id);",
    );
    expect(finding?.fix.undo).toBe("DROP INDEX CONCURRENTLY orders_user_id_idx;");
    expect(finding?.fix.caution).toContain("hint");
  });

  test("shows the rows that were thrown away, and no value", () => {
    expect(finding?.evidence).toContainEqual({
      kind: "count",
      label: "rows removed by the filter",
      value: 499_995,
      unit: "rows",
    });
    expect(JSON.stringify(finding)).not.toMatch(/\b123\b/);
  });
});

describe("recorded plans", () => {
  test.each([
    ["seq-scan", "plan/seq-scan"],
    ["seq-scan-estimate", "plan/seq-scan"],
    ["seq-scan-timing-off", "plan/seq-scan"],
    ["seq-scan-parallel", "plan/seq-scan"],
    ["parallel-append", "plan/seq-scan"],
    ["index-filter", "plan/rows-removed"],
    ["inner-loops", "plan/inner-loops"],
    ["memoize", "plan/inner-loops"],
    ["sub-plan", "plan/inner-loops"],
    ["heap-fetches", "plan/heap-fetches"],
    ["bitmap-lossy", "plan/lossy-bitmap"],
    ["sort-disk", "plan/disk-spill"],
    ["sort-disk-parallel", "plan/disk-spill"],
    ["hash-aggregate-disk", "plan/disk-spill"],
    ["hash-aggregate-partitions", "plan/disk-spill"],
    ["offset", "sql/offset"],
    ["offset-estimate", "sql/offset"],
    ["misestimate", "plan/misestimate"],
    ["hash-left-join", "plan/misestimate"],
  ])("%s shows %s", (name, rule) => {
    expect(found(name)).toContain(rule);
  });

  test.each([
    "point-lookup",
    "backward",
    "index-only",
    "bitmap",
    "bitmap-or",
    "gin-array",
    "hash-join",
    "anti-join",
    "nested-loop-semi",
    "merge-join",
    "merge-full-join",
    "materialize",
    "sort-memory",
    "incremental-sort",
    "hash-aggregate",
    "parallel-aggregate",
    "parallel-hash-join",
    "gather-merge",
    "window",
    "unique",
    "recursive",
    "subquery-scan",
    "never-executed",
    "one-time-filter",
    "seq-scan-small",
    "seq-scan-whole",
    "seq-scan-costs-off",
    "insert",
    "merge",
    "skip-scan",
    "values-and-function",
    "weird-names",
    "merge-append",
    "lock-rows",
    "project-set",
  ])("%s is a sound plan and shows nothing", (name) => {
    expect(found(name)).toEqual([]);
  });

  // Which partition is the dearest, and so named, is chance.
  test.each(recordedNames.filter((name) => !/append|partitions/.test(name)))(
    "%s gives the same findings in both formats",
    (name) => {
      const shapes = (["txt", "json"] as const).map((format) =>
        findingsOf(recorded(name, format))
          .map(({ rule, key, fix, probe, confidence }) => ({
            rule,
            key,
            sql: fix.sql,
            probe,
            confidence,
          }))
          .toSorted((a, b) => a.key.localeCompare(b.key)),
      );
      expect(shapes[0]).toEqual(shapes[1]);
    },
  );

  test("no finding has a literal of its query, and keys do not depend on figures", () => {
    const leaks = recordedNames.filter((name) =>
      /'pending'|2025-0[1-4]|'none'|= 123|first\n/.test(JSON.stringify(findingsOf(recorded(name)))),
    );
    expect(leaks).toEqual([]);
    expect(keyOf(80, 1)).toBe(keyOf(90, 2));
  });
});

describe("sequential scans", () => {
  test.each([
    ["((status = 'open'::text) AND (tenant_id = 7))", "(status, tenant_id)"],
    ["((created_at > '2025-01-01'::date) AND (tenant_id = 7))", "(tenant_id, created_at)"],
    ["((created_at > '2025-01-01'::date) AND (created_at < '2025-02-01'::date))", "(created_at)"],
    ["((NOT deleted) AND (tenant_id = 7))", "(tenant_id, deleted)"],
    ["(tenant_id = ANY ('{1,2,3}'::integer[]))", "(tenant_id)"],
    ["((email)::text = 'a@b.c'::text)", "(email)"],
    ["(deleted_at IS NULL)", "(deleted_at)"],
    ['("User Id" = $1)', '("User Id")'],
    ["(orders.user_id = (InitPlan 1).col1)", "(user_id)"],
    ["(user_id = u.id)", "(user_id)"],
    ["(5 = user_id)", "(user_id)"],
  ])("%s asks for an index on %s", (filter, columns) => {
    expect(sqlFor(filter)).toContain(` ON orders ${columns};`);
  });

  test.each([
    "(lower(email) = 'a'::text)",
    "((a = 1) OR (b = 2))",
    "(email ~~ '%x%'::text)",
    "(first_id = second_id)",
    "(status <> 'done'::text)",
    "((total)::numeric > 5.0)",
    "((data ->> 'k'::text) = 'v'::text)",
  ])("%s gets no SQL, since no plain column serves it", (filter) => {
    expect(sqlFor(filter)).toBeUndefined();
  });

  test("the order that a LIMIT asks for comes after the equalities", () => {
    const [finding] =
      findingsOf(`Limit  (cost=0.00..15406.00 rows=10 width=52) (actual time=90.000..90.000 rows=10 loops=1)
  ->  Sort  (cost=0.00..15406.00 rows=900 width=52) (actual time=90.000..90.000 rows=10 loops=1)
        Sort Key: created_at DESC
        ->  Seq Scan on orders  (cost=0.00..15406.00 rows=900 width=52) (actual time=0.018..89.432 rows=900 loops=1)
              Filter: (user_id = 123)
              Rows Removed by Filter: 499100`);
    expect(finding?.fix.sql).toContain("ON orders (user_id, created_at DESC)");
    expect(finding?.probe).toEqual({
      table: "orders",
      predicate: "user_id = $1",
      order: "created_at DESC",
    });
  });

  test("a small table, a filter that keeps much and a scan that is a small part of the query are left alone", () => {
    expect(findingsOf(seqScanText({ read: 9_000, kept: 5, ms: 1, filter: "(a = 1)" }))).toEqual([]);
    expect(
      findingsOf(seqScanText({ read: 500_000, kept: 100_000, ms: 80, filter: "(a = 1)" })),
    ).toEqual([]);
    const part =
      findingsOf(`Sort  (cost=0.00..90000.00 rows=20 width=52) (actual time=1000.000..1000.000 rows=20 loops=1)
  Sort Key: x
  ->  Seq Scan on t  (cost=0.00..400.00 rows=20 width=52) (actual time=0.010..9.000 rows=20 loops=1)
        Filter: (a = 1)
        Rows Removed by Filter: 20000`);
    expect(part).toEqual([]);
  });

  test("without ANALYZE a known table size stands in the place of a guess from the cost", () => {
    const plan = parsePlan(
      "Seq Scan on orders  (cost=0.00..9000.00 rows=20 width=52)\n  Filter: (user_id = 7)",
    );
    const rowsRead = (rows: number | null) =>
      diagnosePlan(plan, { tableRows: ({ name }) => (name === "orders" ? rows : null) })
        .find(({ rule }) => rule === "plan/seq-scan")
        ?.evidence.find((entry) => entry.kind === "count" && entry.label === "rows read");
    expect(rowsRead(40_000)).toMatchObject({ value: 40_000 });
    // The same cost over few rows is a table of wide ones: nothing worth an index.
    expect(rowsRead(2_000)).toBeUndefined();
    expect(rowsRead(null)).toMatchObject({ value: expect.any(Number) });
  });

  test("names are quoted where they must be, and the schema goes with the table and the undo", () => {
    const [finding] =
      findingsOf(`Seq Scan on "Shop"."Order"  (cost=0.00..15406.00 rows=1 width=52) (actual time=0.018..89.432 rows=5 loops=1)
  Filter: ("Order"."user" = 123)
  Rows Removed by Filter: 499995`);
    expect(finding?.fix.sql).toBe(
      'CREATE INDEX CONCURRENTLY "Order_user_idx" ON "Shop"."Order" ("user");',
    );
    expect(finding?.fix.undo).toBe('DROP INDEX CONCURRENTLY "Shop"."Order_user_idx";');
  });
});

describe("misestimates are not called where fewer rows are no mistake", () => {
  test("below Limit, in a merge join, on the inner side of a nested loop", () => {
    const ended = scan(50_000, 10);
    expect(misestimates(wrap("Limit", ended))).toBe(0);
    expect(misestimates(wrap("Merge Join", scan(10, 10), ended))).toBe(0);
    expect(misestimates(wrap("Nested Loop Semi Join", scan(10, 10), ended))).toBe(0);
    expect(misestimates(wrap("Unique", ended))).toBe(1);
  });

  test("below Materialize, in a bitmap, never executed; but above a sort that read all it is called", () => {
    expect(
      misestimates(
        wrap(
          "Nested Loop",
          scan(10, 10),
          "Materialize  (cost=0.00..1.00 rows=10 width=4) (actual time=0.010..0.020 rows=10000 loops=10)",
        ),
      ),
    ).toBe(0);
    expect(
      misestimates(
        wrap(
          "Limit",
          `Sort  (cost=0.00..1.00 rows=10 width=4) (actual time=0.010..30.000 rows=10 loops=1)\n        Sort Key: a\n        ->  ${scan(50_000, 10)}`,
        ),
      ),
    ).toBe(1);
    expect(
      misestimates(
        wrap(
          "Nested Loop",
          scan(10, 10),
          "Seq Scan on t  (cost=0.00..900.00 rows=50000 width=4) (never executed)",
        ),
      ),
    ).toBe(0);
  });

  test("an error that goes up the tree is called once, where it arises", () => {
    const text = `Sort  (cost=0.00..1000.00 rows=10 width=4) (actual time=0.010..50.000 rows=90000 loops=1)
  Sort Key: a
  ->  Hash Join  (cost=0.00..1000.00 rows=10 width=4) (actual time=0.010..40.000 rows=90000 loops=1)
        Hash Cond: (a = b)
        ->  Seq Scan on t  (cost=0.00..900.00 rows=10 width=4) (actual time=0.010..20.000 rows=90000 loops=1)
              Filter: ((x = 1) AND (y = 2))
        ->  Hash  (cost=0.00..1.00 rows=10 width=4) (actual time=0.010..0.020 rows=10 loops=1)`;
    const [finding, ...others] = findingsOf(text).filter(({ rule }) => rule === "plan/misestimate");
    expect(others).toEqual([]);
    expect(finding?.fix.sql).toBe("ANALYZE t;");
    expect(finding?.fix.title).toContain("x and y");
  });
});

describe("other rules know their limits", () => {
  test("OFFSET counts what the limit did not return; a plain limit skips nothing", () => {
    expect(findingsOf(limitText(20))).toEqual([]);
    expect(findingsOf(limitText(500))).toEqual([]);
    expect(findingsOf(limitText(30_020))).toMatchObject([
      { rule: "sql/offset", fix: { part: "@upshift/postgres keyset" } },
    ]);
  });

  test("a spill below 1 MB is worth a note only, and several partitions make one finding", () => {
    expect(findingsOf(sortText(200))).toMatchObject([
      { rule: "plan/disk-spill", severity: "info" },
    ]);
    expect(findingsOf(sortText(20_000))).toMatchObject([
      { rule: "plan/disk-spill", severity: "warn", fix: { sql: "SET work_mem = '64MB';" } },
    ]);
    expect(found("append-pruned").filter((rule) => rule === "plan/seq-scan")).toHaveLength(1);
  });

  test("values stay in evidence when they are asked for", () => {
    const plan = parsePlan(
      seqScanText({ read: 500_000, kept: 5, ms: 80, filter: "(user_id = 123)" }),
    );
    expect(JSON.stringify(diagnosePlan(plan, { withValues: true })[0]?.evidence)).toContain(
      "user_id = 123",
    );
  });
});
