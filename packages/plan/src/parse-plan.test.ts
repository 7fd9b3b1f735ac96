import { describe, expect, test } from "vitest";
import { jsonDresses, textDresses } from "../test/dress.ts";
import { recorded, recordedNames } from "../test/recorded-plans.ts";
import { parsePlan } from "./parse-plan.ts";
import type { Plan, PlanNode } from "./plan.ts";

/** Times differ between two executions; that there are some does not. */
const TIMES: ReadonlySet<string> = new Set([
  "startupMs",
  "totalMs",
  "planningMs",
  "executionMs",
  "triggerMs",
  "serializationMs",
]);
/** How workers shared the rows is chance. */
const BY_CHANCE: ReadonlySet<string> = new Set([
  "rows",
  "loops",
  "rowsRemovedByFilter",
  "exactHeapBlocks",
  "sortSpaceKb",
  "buffers",
  "workers",
]);
const PARALLEL = /parallel|gather/;

function comparable(plan: Plan, name: string): unknown {
  const isParallel = PARALLEL.test(name);
  const masked = (value: object): object =>
    Object.fromEntries(
      Object.entries(value).map(([key, field]: [string, unknown]) => {
        if (TIMES.has(key)) return [key, field === null ? null : "some"];
        return [key, isParallel && BY_CHANCE.has(key) ? "by chance" : field];
      }),
    );
  const nodeOf = (node: PlanNode): object =>
    masked({ ...node, children: node.children.map(({ id }) => id) });
  return {
    ...masked({
      ...plan,
      format: null,
      root: null,
      planningBuffers: null,
      triggers: plan.triggers.map(masked),
    }),
    nodes: plan.nodes.map(nodeOf),
  };
}

function read({ nodes, planningMs, settings }: Plan): unknown {
  return { nodes, planningMs, settings };
}

describe("the same plan in both formats", () => {
  test.each(recordedNames)("%s is one model, whether TEXT or JSON", (name) => {
    const text = parsePlan(recorded(name, "txt"));
    const json = parsePlan(recorded(name, "json"));
    expect(text.format).toBe("text");
    expect(json.format).toBe("json");
    expect(comparable(text, name)).toEqual(comparable(json, name));
  });
});

describe("dresses", () => {
  // A literal with line breaks has no one reading once a frame has cut its lines.
  const framed = recordedNames.filter((name) => name !== "newline-literal");

  test.each(Object.keys(textDresses))("a text plan reads the same in the dress %s", (dress) => {
    for (const name of framed) {
      const text = recorded(name);
      const bare = parsePlan(text);
      const dressed = parsePlan(textDresses[dress]?.(text) ?? "");
      expect([name, read(dressed)]).toEqual([name, read(bare)]);
    }
  });

  test.each(Object.keys(jsonDresses))("a JSON plan reads the same in the dress %s", (dress) => {
    for (const name of framed) {
      const text = recorded(name, "json");
      const dressed = parsePlan(jsonDresses[dress]?.(text) ?? "");
      expect([name, dressed.nodes]).toEqual([name, parsePlan(text).nodes]);
    }
  });

  test("a line break inside a literal stays in the literal", () => {
    const [, scan] = parsePlan(recorded("newline-literal")).nodes;
    expect(scan?.filter).toBe("(note = 'first\n  second: line\n->  Sort'::text)");
  });
});

describe("single plans", () => {
  test("a text plan in a line of a JSON log is read out of its string", () => {
    const message =
      "duration: 12.5 ms  plan:\nQuery Text: SELECT 1\nSeq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n  Filter: (a = 1)";
    const plan = parsePlan(JSON.stringify({ pid: 7, message }));
    expect(plan).toMatchObject({ query: "SELECT 1", root: { filter: "(a = 1)" } });
  });

  test("of a log with plans in both formats the first is read, with its own duration", () => {
    const text = textDresses["log"]?.(recorded("seq-scan")) ?? "";
    const json = jsonDresses["log"]?.(recorded("hash-join", "json")).replace("12.500", "99.000");
    expect(parsePlan(`${text}\n${json ?? ""}`)).toMatchObject({
      format: "text",
      nodes: { length: 1 },
    });
    expect(parsePlan(`${json ?? ""}\n${text}`)).toMatchObject({ format: "json" });
  });

  test("a plan of MySQL is refused, and a plan pasted from its middle has a type without an arrow", () => {
    expect(() =>
      parsePlan("-> Filter: (t.a = 1)  (cost=0.35 rows=1) (actual time=0.1..0.2 rows=1 loops=1)"),
    ).toThrow("does not look like a plan");
    expect(parsePlan("  ->  Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)").root.type).toBe(
      "Seq Scan",
    );
  });

  test("grouping sets by one sort order are one group, and each sort begins another", () => {
    const plan = parsePlan(`GroupAggregate  (cost=0.00..1.00 rows=1 width=4)
  Group Key: a, b
  Group Key: a
  Group Key: ()
  Sort Key: b
    Group Key: b
  ->  Sort  (cost=0.00..1.00 rows=1 width=4)
        Sort Key: a, b
        ->  Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)`);
    expect(plan.root).toMatchObject({ sortKey: [], groupKey: [] });
    expect(plan.root.extra["Grouping Sets"]).toEqual([
      { "Group Keys": [["a", "b"], ["a"], []] },
      { "Sort Key": ["b"], "Group Keys": [["b"]] },
    ]);
  });

  test("a log entry gives the statement, and its duration where the plan has no time of its own", () => {
    const bare =
      "Seq Scan on t  (cost=0.00..1.00 rows=1 width=4) (actual time=1.000..2.000 rows=1 loops=1)\n";
    expect(parsePlan(textDresses["log"]?.(bare) ?? "")).toMatchObject({
      query: "SELECT 1",
      executionMs: 12.5,
    });
  });

  test("the guide's example reads as it is printed there, its actual part on a second line", () => {
    const plan = parsePlan(`-- Example output
Seq Scan on orders  (cost=0.00..15406.00 rows=1 width=52)
                     (actual time=0.018..89.432 rows=5 loops=1)
  Filter: (user_id = 123)
  Rows Removed by Filter: 499995
  Buffers: shared hit=5406

-- Analysis:
-- - Seq Scan: Full table scan (bad for large tables)
`);
    expect(plan.nodes).toHaveLength(1);
    expect(plan.root).toMatchObject({
      type: "Seq Scan",
      relation: "orders",
      totalCost: 15_406,
      planRows: 1,
      totalMs: 89.432,
      rows: 5,
      loops: 1,
      filter: "(user_id = 123)",
      rowsRemovedByFilter: 499_995,
    });
    expect(plan.root.buffers?.sharedHit).toBe(5_406);
  });

  test("titles give JSON's node types", () => {
    const titles: readonly (readonly [string, Partial<PlanNode>])[] = [
      [
        "Parallel Seq Scan on s.t x",
        { type: "Seq Scan", isParallelAware: true, schema: "s", relation: "t", alias: "x" },
      ],
      ["HashAggregate", { type: "Aggregate", strategy: "Hashed" }],
      [
        "Finalize GroupAggregate",
        { type: "Aggregate", strategy: "Sorted", extra: { "Partial Mode": "Finalize" } },
      ],
      ["Hash Left Join", { type: "Hash Join", joinType: "Left" }],
      ["Hash Right Anti Join", { type: "Hash Join", joinType: "Right Anti" }],
      ["Merge Join", { type: "Merge Join", joinType: "Inner" }],
      ["Nested Loop Semi Join", { type: "Nested Loop", joinType: "Semi" }],
      [
        "HashSetOp Except All",
        { type: "SetOp", strategy: "Hashed", extra: { Command: "Except All" } },
      ],
      [
        'Index Scan Backward using "I x" on "Weird Table" "W"',
        { type: "Index Scan", isBackward: true, index: "I x", relation: "Weird Table", alias: "W" },
      ],
      [
        "Index Only Scan using <13543>btree_t_a on t",
        { type: "Index Only Scan", index: "<13543>btree_t_a", relation: "t" },
      ],
      [
        "Bitmap Index Scan on t_a_idx",
        { type: "Bitmap Index Scan", index: "t_a_idx", relation: null },
      ],
      [
        "Custom Scan (Citus Adaptive)",
        { type: "Custom Scan", extra: { "Custom Plan Provider": "Citus Adaptive" } },
      ],
      ["Foreign Update on remote.t", { type: "Foreign Scan", schema: "remote", relation: "t" }],
      ["CTE Scan on recent r", { type: "CTE Scan", cteName: "recent", alias: "r" }],
      ["Subquery Scan on s", { type: "Subquery Scan", alias: "s", relation: null }],
    ];
    for (const [title, expected] of titles) {
      const { root } = parsePlan(`${title}  (cost=0.00..1.00 rows=1 width=4)`);
      expect({ title, ...root }).toMatchObject({ title, ...expected });
    }
  });

  test("a plan without costs, times or any figures still has its tree", () => {
    const plan = parsePlan(
      "Limit\n  ->  Sort\n        Sort Key: a DESC\n        ->  Seq Scan on t\n              Filter: (b = 1)\n",
    );
    expect(plan.nodes.map(({ type, parentId }) => [type, parentId])).toEqual([
      ["Limit", null],
      ["Sort", 0],
      ["Seq Scan", 1],
    ]);
    expect(plan.nodes[2]?.totalCost).toBeNull();
  });

  test("JIT, triggers, settings and times of the whole plan are read", () => {
    const plan =
      parsePlan(`Update on t  (cost=0.00..1.00 rows=0 width=0) (actual time=2.000..2.000 rows=0 loops=1)
  ->  Seq Scan on t  (cost=0.00..1.00 rows=1 width=4) (actual time=0.010..0.020 rows=1 loops=1)
Settings: work_mem = '8MB', search_path = 'a, b'
Planning:
  Buffers: shared hit=7
Planning Time: 0.250 ms
JIT:
  Functions: 4
  Options: Inlining false, Optimization false, Expressions true, Deforming true
  Timing: Generation 0.5 ms (Deform 0.1 ms), Inlining 0.0 ms, Optimization 0.3 ms, Emission 2.0 ms, Total 2.8 ms
Trigger for constraint t_fk: time=1.500 calls=1
Trigger audit on t: time=0.500 calls=2
Execution Time: 4.500 ms
`);
    expect(plan).toMatchObject({
      planningMs: 0.25,
      executionMs: 4.5,
      jitMs: 2.8,
      triggerMs: 2,
      settings: { work_mem: "8MB", search_path: "a, b" },
      planningBuffers: { sharedHit: 7 },
    });
    expect(plan.triggers.map(({ name, relation, calls }) => [name, relation, calls])).toEqual([
      ["t_fk", "t", 1],
      ["audit", "t", 2],
    ]);
    expect(plan.root.buffers).toBeNull();
  });
});
