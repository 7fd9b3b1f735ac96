import { expect, test } from "vitest";
import { planWords } from "./plan-words.ts";

test("the most expensive scan names a plan, with its table", () => {
  const plan = {
    "Node Type": "Limit",
    "Total Cost": 1000,
    Plans: [
      {
        "Node Type": "Nested Loop",
        "Total Cost": 990,
        Plans: [
          { "Node Type": "Seq Scan", "Relation Name": "orders", "Total Cost": 900 },
          { "Node Type": "Index Only Scan", "Relation Name": "users", "Total Cost": 8 },
        ],
      },
    ],
  };
  expect(planWords(plan)).toBe("seq scan orders");
});

test("an index below a bitmap scan does not hide the table it serves", () => {
  const plan = {
    "Node Type": "Bitmap Heap Scan",
    "Relation Name": "events",
    "Total Cost": 12,
    Plans: [{ "Node Type": "Bitmap Index Scan", "Total Cost": 4 }],
  };
  expect(planWords(plan)).toBe("bitmap scan events");
});

test("a plan that scans nothing says so", () => {
  const plan = { "Node Type": "ModifyTable", "Relation Name": "events", "Total Cost": 0.01 };
  expect(planWords(plan)).toBe("no scan events");
});
