import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Finding } from "../finding.ts";
import { displayWidth, renderFinding, renderFindings } from "./terminal.ts";
import { sqlTokens } from "./sql-tokens.ts";

const ESCAPE = "\u001b";
const SEED = 20_261_122;

const orders: Finding = {
  rule: "index/missing",
  key: "00c0ffee00c0ffee",
  severity: "error",
  confidence: "proven",
  title: "Every order list of a user reads the whole table orders",
  where: {
    table: "orders",
    query: "select * from orders where user_id = $1 order by created_at desc limit 20",
    file: { file: "src/orders.ts", line: 12, column: 3, function: "listOrders" },
  },
  evidence: [
    { kind: "plan-node", node: 2, text: "Seq Scan on orders" },
    { kind: "count", label: "rows removed by the filter", value: 399_874, unit: "rows" },
    { kind: "count", label: "table", value: 46_137_344, unit: "bytes" },
  ],
  cost: { planCost: 8_000, ms: 1_900 },
  saving: { basis: "planner", ms: 1_881 },
  fix: {
    title: "Create an index on (user_id, created_at)",
    sql: 'CREATE INDEX CONCURRENTLY "orders_user_id_created_at_idx" ON "public"."orders" ("user_id", "created_at" DESC);',
    caution: "Building it reads the whole table once.",
    undo: 'DROP INDEX CONCURRENTLY "public"."orders_user_id_created_at_idx";',
  },
  verified: { how: "twin", before: { planCost: 8_000 }, after: { planCost: 37.8 } },
};

test("a finding says what, where, why, how much, what to do and how to take it back", () => {
  expect(renderFinding(orders, { width: 80, colour: false }).split("\n")).toEqual([
    "✖ error Every order list of a user reads the whole table orders",
    "  rule      index/missing · src/orders.ts:12:3 · listOrders · orders · proven",
    "  query     select * from orders where user_id = $1 order by created_at desc",
    "            limit 20",
    "  evidence  Seq Scan on orders",
    "            rows removed by the filter: 399,874",
    "            table: 44.0 MB",
    "  cost      1.9 s, 8,000 cost units",
    "  saving    1.9 s (99 %), by the planner",
    "  verified  re-planned in the twin: 8,000 cost units before, 37.8 cost units",
    "            after",
    "  fix       Create an index on (user_id, created_at)",
    '            CREATE INDEX CONCURRENTLY "orders_user_id_created_at_idx" ON',
    '            "public"."orders" ("user_id", "created_at" DESC);',
    "  mind      Building it reads the whole table once.",
    '  undo      DROP INDEX CONCURRENTLY "public"."orders_user_id_created_at_idx";',
  ]);
});

test("what is not known is not shown", () => {
  const bare: Finding = {
    rule: "plan/misestimate",
    key: "1",
    severity: "info",
    confidence: "hint",
    title: "A guess",
    where: {},
    evidence: [],
    cost: {},
    saving: { basis: "projected" },
    fix: { title: "Look at it" },
  };
  expect(renderFinding(bare, { width: 80, colour: false, unicode: false }).split("\n")).toEqual([
    "i info A guess",
    "  rule      plan/misestimate · hint",
    "  verified  not verified: a hint, it rests on defaults or estimates",
    "  fix       Look at it",
  ]);
});

test("without colour there is no escape code, with colour the same text", () => {
  const plain = renderFinding(orders, { width: 100, colour: false });
  const coloured = renderFinding(orders, { width: 100, colour: true });
  expect(plain).not.toContain(ESCAPE);
  expect(coloured).toContain(`${ESCAPE}[31m`);
  expect(withoutColour(coloured)).toBe(plain);
});

test("a query of a megabyte does not push the fix off the screen", () => {
  const query = `select ${"a, ".repeat(350_000)} b`;
  const lines = renderFinding({ ...orders, where: { query } }, { width: 80, colour: false });
  expect(lines.split("\n").length).toBeLessThan(30);
  expect(lines).toContain(`… (${query.length} characters)`);
});

test("findings are ranked and stand apart", () => {
  const text = renderFindings([{ ...orders, severity: "info", title: "Second" }, orders], {
    width: 80,
    colour: false,
  });
  expect(text.indexOf("Every order list")).toBeLessThan(text.indexOf("Second"));
  expect(text.match(/\n\n/g)).toHaveLength(1);
  expect(renderFindings([], { width: 80, colour: false })).toBe("");
});

const hostileText = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: "binary" }),
  fc.lorem(),
  fc.constantFrom(
    `${ESCAPE}[31mred${ESCAPE}[0m`,
    "a\rb\nc\td",
    "\u202egnp.exe",
    "\u009b2J",
    "注文テーブル一覧 한국어 ".repeat(9),
    "👩‍👩‍👧‍👦👍🏽🇩🇪".repeat(20),
    "word".repeat(80),
  ),
);

const hostileFinding: fc.Arbitrary<Finding> = fc
  .record({
    severity: fc.constantFrom("error", "warn", "info"),
    title: hostileText,
    table: hostileText,
    query: hostileText,
    note: hostileText,
    sql: hostileText,
    name: hostileText,
    value: fc.double({ noNaN: true }),
    unit: fc.constantFrom("rows", "bytes", "ms", "calls", "pages", "ratio"),
  })
  // oxlint-disable-next-line oxc/no-map-spread -- an arbitrary's map, run once per case
  .map(({ severity, title, table, query, note, sql, name, value, unit }) => ({
    ...orders,
    severity,
    title,
    where: { table, query },
    evidence: [
      { kind: "note", text: note },
      { kind: "sql", label: note, sql },
      { kind: "count", label: title, value, unit },
    ],
    fix: {
      title,
      sql: `CREATE INDEX ON "${name.replaceAll('"', '""')}" (a, b);`,
      diff: note,
      caution: note,
      undo: sql,
    },
  }));

test.each([40, 80, 120, 200])("no line is wider than %i but for a single SQL token", (width) => {
  fc.assert(
    fc.property(hostileFinding, (finding) => {
      for (const line of renderFinding(finding, { width, colour: false }).split("\n")) {
        if (displayWidth(line) <= width) continue;
        const spaces = sqlTokens(line.trim().replace(/^undo\s+/, "")).filter(
          ({ kind }) => kind === "space",
        );
        expect(spaces).toEqual([]);
      }
    }),
    { seed: SEED, numRuns: 60 },
  );
});

test("nothing in a finding acts on the terminal", () => {
  fc.assert(
    fc.property(hostileFinding, fc.boolean(), (finding, colour) => {
      const text = withoutColour(renderFinding(finding, { width: 80, colour }));
      expect(text).not.toMatch(
        // oxlint-disable-next-line no-control-regex -- matching them is the point
        /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/,
      );
    }),
    { seed: SEED, numRuns: 100 },
  );
});

function withoutColour(text: string): string {
  // Only the codes that the palette writes: a hostile one would stay and be found.
  return text.replaceAll(new RegExp(`${ESCAPE}\\[(?:1|2|22|3[1-6]|39)m`, "g"), "");
}
