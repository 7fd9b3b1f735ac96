import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { recorded, recordedNames } from "../test/recorded-plans.ts";
import { diagnosePlan } from "./diagnose-plan.ts";
import { parsePlan } from "./parse-plan.ts";
import { PlanParseError } from "./plan-errors.ts";

/** What parsePlan says against a text; `null` when it reads it. Anything else it throws fails the test. */
function refusalOf(text: string): PlanParseError | null {
  try {
    parsePlan(text);
    return null;
  } catch (error) {
    if (error instanceof PlanParseError) return error;
    throw error;
  }
}

function manyScans(count: number): string {
  const scans = Array.from(
    { length: count },
    (_, at) =>
      `  ->  Seq Scan on t_${at}  (cost=0.00..1.00 rows=1 width=4)\n        Filter: (a = 'xxxxxxxxxxxxxxxxxxxx'::text)`,
  );
  return ["Append  (cost=0.00..1.00 rows=1 width=4)", ...scans].join("\n");
}

function deepText(levels: number): string {
  return Array.from(
    { length: levels },
    (_, at) => `${" ".repeat(at)}${at === 0 ? "" : "->  "}Result  (cost=0.00..1.00 rows=1 width=4)`,
  ).join("\n");
}

function deepJson(levels: number): string {
  return `${'{"Node Type":"Result","Plans":['.repeat(levels)}{"Node Type":"Result"}${"]}".repeat(levels)}`;
}

describe("what is no plan", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["nothing", " \n ", "empty"],
    ["a JPEG", "\u00FF\u00D8\u00FF\u00E0\u0000\u0010JFIF\u0000\u0001", "binary"],
    ["bytes that are no UTF-8", "\uFFFD\uFFFD\uFFFD\uFFFDabc\uFFFD", "binary"],
    ["XML", '<explain xmlns="http://www.postgresql.org/2009/explain">\n<Query>', "xml"],
    ["YAML", '- Plan: \n    Node Type: "Seq Scan"\n', "yaml"],
    ["a query", "-- mine\nSELECT * FROM orders WHERE id = 1", "sql"],
    ["an EXPLAIN statement", "EXPLAIN ANALYZE SELECT 1;", "sql"],
    ["an error", 'ERROR:  relation "x" does not exist', "error"],
    ["JSON cut off", recorded("hash-join", "json").slice(0, 900), "truncated-json"],
    ["broken JSON", '[{"Plan": {"Node Type" "Seq Scan"}}]', "invalid-json"],
    ["other JSON", '{"hello": [1, 2]}', "json-without-plan"],
    ["prose", "The quick brown fox", "text"],
    [
      "a tree without its indentation",
      "Sort  (cost=1.00..2.00 rows=1 width=1)\n->  Append  (cost=1.00..2.00 rows=1 width=1)\n->  Result  (cost=1.00..2.00 rows=1 width=1)",
      "lost-indentation",
    ],
  ];

  test.each(cases)(
    "%s is refused with what it looks like and what to run",
    (_, text, looksLike) => {
      const refusal = refusalOf(text);
      expect(refusal?.looksLike).toBe(looksLike);
      expect(refusal?.code).toBe("UPSHIFT_PLAN_UNREADABLE");
      expect(refusal?.message).toContain("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)");
    },
  );

  test("a plan deeper than any consumer can walk is refused, in both formats", () => {
    expect(refusalOf(deepText(5_100))?.looksLike).toBe("too-deep");
    expect(refusalOf(deepJson(5_100))?.looksLike).toBe("too-deep");
  });

  test("a plan of 2,000 levels is read to its last node, in both formats", () => {
    expect(parsePlan(deepText(2_000)).nodes).toHaveLength(2_000);
    expect(parsePlan(deepJson(2_000)).nodes).toHaveLength(2_001);
    expect(diagnosePlan(parsePlan(deepText(2_000)))).toEqual([]);
  });
});

describe("damaged input", () => {
  test("any cut or change gives a plan or a PlanParseError, nothing else", () => {
    const holds = fc.property(
      fc.constantFrom(...recordedNames),
      fc.constantFrom<"txt" | "json">("txt", "json"),
      fc.nat(),
      fc.nat(),
      fc.string({ maxLength: 20 }),
      (name, format, from, length, inserted) => {
        const text = recorded(name, format);
        const start = from % text.length;
        refusalOf(text.slice(0, start) + inserted + text.slice(start + (length % 200)));
      },
    );
    expect(fc.check(holds, { seed: 20_261_122, numRuns: 400 }).counterexample).toBeNull();
  });

  test("megabytes of a plan are read in one pass", () => {
    expect(parsePlan(manyScans(4_000)).nodes).toHaveLength(4_001);
  });

  // Anything quadratic in these would not end within the test's time.
  test.each([
    ["brackets", "(".repeat(300_000), "text"],
    ["quotes", "'".repeat(300_000), "text"],
    ["open JSON", "[{".repeat(150_000), "invalid-json"],
    ["open objects", '{"Plan":'.repeat(50_000), "truncated-json"],
    ["many beginnings of a node", "Seq Scan on t (cost=".repeat(20_000), "text"],
    ["a cost of dots", `Seq Scan on t  (cost=${".".repeat(300_000)}`, "text"],
    [
      "a key of brackets",
      `Sort  (cost=0.00..1.00 rows=1 width=4)\n  Sort Key: ${"(".repeat(300_000)}`,
      undefined,
    ],
    ["blanks", `Sort  (cost=0.00..1.00 rows=1 width=4)\n${" ".repeat(300_000)}x`, undefined],
  ])("a long run of %s does not hang it", (_, text, looksLike) => {
    expect(refusalOf(text)?.looksLike).toBe(looksLike);
  });
});
