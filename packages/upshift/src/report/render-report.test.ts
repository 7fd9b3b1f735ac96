import { displayWidth, paletteFor } from "@upshift/findings/terminal";
import { expect, test } from "vitest";
import type { Screen } from "../output/screen.ts";
import { type DatabaseReport, reportSql } from "./database-report.ts";
import { renderReport } from "./render-report.ts";
import { reportJson } from "./report-json.ts";

function screen(width: number): Screen {
  return { width, colour: false, unicode: true, palette: paletteFor(false) };
}

const DDL = "CREATE INDEX CONCURRENTLY orders_user_id_idx ON public.orders (user_id)";

const report: DatabaseReport = {
  database: "shop",
  server: "18.4",
  role: "app",
  tableCount: 8,
  workload: {
    source: "file",
    queryCount: 3,
    note: null,
    costBefore: 1_000_000,
    costAfter: 250_000,
  },
  findings: [
    {
      rule: "index/unused",
      key: "1",
      severity: "warn",
      confidence: "likely",
      title: "Nothing reads orders_note_idx",
      where: { table: "public.orders" },
      evidence: [],
      cost: { bytes: 1_048_576 },
      saving: { basis: "measured", bytes: 1_048_576 },
      fix: { title: "Drop it", sql: "DROP INDEX CONCURRENTLY public.orders_note_idx" },
    },
  ],
  indexes: [
    {
      definition: {
        schema: "public",
        table: "orders",
        method: "btree",
        keys: [
          { expression: "user_id", isColumn: true, direction: "asc", nulls: "last", opclass: null },
        ],
        include: [],
        predicate: null,
      },
      ddl: DDL,
      undo: "DROP INDEX CONCURRENTLY public.orders_user_id_idx",
      sizeBytes: 3_145_728,
      gainRatio: 0.75,
      confidence: "proven",
      cautions: ["Each insert pays for it."],
      replaces: [{ schema: "public", name: "orders_old_idx", ddl: "DROP", undo: "CREATE" }],
      queries: [{ query: "SELECT $1", costBefore: 10_000, costAfter: 8.25 }],
    },
  ],
  hidden: [
    {
      what: "column-statistics",
      object: "public.users",
      reason: "Statistics of 3 columns of public.users are hidden.",
      grant: 'GRANT SELECT (id, name, email) ON public.users TO "app";',
    },
  ],
  notes: ["One statement was planned on guessed parameters."],
  limitations: [],
  search: null,
  skipped: [{ query: "line 3: DROP TABLE orders", reason: "it is DDL" }],
};

test("a report names findings, indexes with their worth, what was not seen, what was skipped, what comes next", () => {
  const text = renderReport(report, screen(100), {
    top: 10,
    sqlCommand: "upshift doctor --sql > fix.sql",
  });
  expect(text).toContain("Nothing reads orders_note_idx");
  expect(text).toContain(
    "1 index to create, 3.0 MB together. The workload goes from 1,000,000 to 250,000 cost units, 75 %",
  );
  expect(text).toContain(DDL);
  expect(text).toContain("10,000 → 8.25 · SELECT $1");
  expect(text).toContain('GRANT SELECT (id, name, email) ON public.users TO "app";');
  expect(text).toContain("line 3: DROP TABLE orders: it is DDL");
  expect(text).toContain("mind: Each insert pays for it.");
  expect(text).toContain("makes public.orders_old_idx needless");
  expect(text).toContain("Note: One statement was planned");
  expect(text).toMatch(/Next: upshift doctor --sql > fix\.sql$/);
});

test.each([40, 80, 120])("no line of a report is wider than %i", (width) => {
  const text = renderReport(report, screen(width), { top: 10, sqlCommand: "upshift doctor --sql" });
  expect(text.split("\n").filter((line) => displayWidth(line) > width)).toEqual([]);
});

test("--top cuts findings and says how many are left", () => {
  const findings = [...report.findings, ...report.findings];
  const text = renderReport({ ...report, findings }, screen(100), { top: 1, sqlCommand: "x" });
  expect(text.match(/Nothing reads/g)).toHaveLength(1);
  expect(text).toContain("and 1 more");
});

test("what an index finding says is not said again plan by plan", () => {
  const [first] = report.findings;
  if (first === undefined) throw new Error("expected a finding");
  const verified = { how: "twin", before: { planCost: 9 }, after: { planCost: 1 } } as const;
  const index = { ...first, rule: "index/missing", key: "2", verified } as const;
  const scan = { ...index, rule: "plan/seq-scan", key: "3", title: "Seq Scan on orders" } as const;
  const scans = [scan, { ...scan, key: "4" }];
  const findings = [index, ...scans, { ...first, rule: "plan/disk-spill", key: "5" } as const];
  const text = renderReport({ ...report, findings }, screen(100), { top: 10, sqlCommand: "x" });
  expect(text).not.toContain("Seq Scan on orders");
  expect(text).toContain("2 plans get better with the indexes below (plan/seq-scan 2)");
  expect(text).toContain("plan/disk-spill");
});

test("an advised index that no finding carries is in the script, one that a finding carries stands once", () => {
  expect(reportSql(report).match(/^CREATE INDEX/gm)).toHaveLength(1);
  const [first] = report.findings;
  if (first === undefined) throw new Error("expected a finding");
  const carried = { ...first, key: "2", fix: { title: "Create it", sql: `${DDL};` } };
  const script = reportSql({ ...report, findings: [...report.findings, carried] });
  expect(script.match(/^CREATE INDEX/gm)).toHaveLength(1);
});

test("JSON carries what the contract names, and null where there was no workload", () => {
  expect(reportJson(report)).toMatchObject({
    schemaVersion: 1,
    database: "shop",
    server: "18.4",
    indexes: [{ ddl: DDL, sizeBytes: 3_145_728, gain: 0.75, queries: [{ costBefore: 10_000 }] }],
    workload: { costBefore: 1_000_000, costAfter: 250_000 },
  });
});
