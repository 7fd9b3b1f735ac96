import * as fc from "fast-check";

interface JsonNode {
  readonly "Node Type": string;
  readonly "Actual Total Time": number;
  readonly "Actual Startup Time": number;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Plan Rows": number;
  readonly "Startup Cost": number;
  readonly "Total Cost": number;
  readonly "Plan Width": number;
  readonly Plans?: readonly JsonNode[];
  readonly [name: string]: unknown;
}

const leaf: fc.Arbitrary<JsonNode> = fc.record({
  "Node Type": fc.constantFrom("Seq Scan", "Index Scan", "CTE Scan", "Result", "Function Scan"),
  "CTE Name": fc.constantFrom("a", "b"),
  "Parent Relationship": fc.constantFrom("Outer", "Inner", "InitPlan", "SubPlan", "Member"),
  "Subplan Name": fc.constantFrom(
    "CTE a",
    "CTE b",
    "InitPlan 1 (returns $0)",
    "InitPlan 2",
    "SubPlan 3",
  ),
  Filter: fc.constantFrom("(x = $0)", "(x = (InitPlan 2).col1)", "(SubPlan 3)", "(x > 10)"),
  "Actual Startup Time": fc.constant(0),
  "Actual Total Time": fc.double({ min: 0, max: 1e4, noNaN: true }),
  "Actual Rows": fc.nat(100_000),
  "Actual Loops": fc.nat(12),
  "Plan Rows": fc.nat(100_000),
  "Plan Width": fc.nat(100),
  "Startup Cost": fc.constant(0),
  "Total Cost": fc.double({ min: 0, max: 1e6, noNaN: true }),
  "Workers Launched": fc.nat(4),
});

const trees = fc.letrec<{ node: JsonNode }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    leaf,
    fc
      .tuple(
        leaf,
        fc.constantFrom(
          "Nested Loop",
          "Hash Join",
          "Limit",
          "Gather",
          "Append",
          "ModifyTable",
          "Aggregate",
        ),
        fc.array(tie("node"), { minLength: 1, maxLength: 4 }),
      )
      .map(([node, type, plans]) => Object.assign(node, { "Node Type": type, Plans: plans })),
  ),
}));

/** Plans in JSON that no planner would make: any times, any relationships. What holds for these holds for real ones. */
export const generatedPlans: fc.Arbitrary<string> = trees.node.map((node) =>
  JSON.stringify([{ Plan: { ...node, "Actual Loops": 1 } }]),
);
