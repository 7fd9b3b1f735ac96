import { describe, expect, it } from "vitest";
import { type IndexSketch, smallSnapshot } from "../../test/fixtures/small-snapshot.ts";
import type { DatabaseSnapshot } from "../snapshot/database-snapshot.ts";
import { createSchemaLookup } from "../workload/schema-lookup.ts";
import { auditSnapshot } from "./audit-snapshot.ts";

function drops(
  indexes: readonly IndexSketch[],
  changes: Partial<DatabaseSnapshot> = {},
): readonly string[] {
  const schema = createSchemaLookup(
    smallSnapshot({ tables: { t: { columns: ["a int", "b int", "c int"] } }, indexes, changes }),
  );
  return auditSnapshot(schema).drops.map(
    ({ index: { name }, coveredBy }) =>
      `${name}${coveredBy === null ? "" : ` for ${coveredBy.name}`}`,
  );
}

function index(
  name: string,
  keys: readonly string[],
  change: Partial<IndexSketch> = {},
): IndexSketch {
  return { name, table: "t", keys, ...change };
}

describe("redundant", () => {
  it("is the younger of two equal indexes", () => {
    expect(drops([index("old", ["a"]), index("young", ["a"])])).toEqual(["young for old"]);
    expect(drops([index("old", ["a"]), index("young", ["a desc"])])).toEqual(["young for old"]);
  });

  it("is the start of a wider one, forwards or backwards", () => {
    expect(drops([index("a", ["a"]), index("ab", ["a", "b"])])).toEqual(["a for ab"]);
    expect(drops([index("a", ["a desc"]), index("ab", ["a", "b"])])).toEqual(["a for ab"]);
  });

  it.each<[string, Partial<IndexSketch>, Partial<IndexSketch>]>([
    ["holds other rows", { predicate: "(b > 0)" }, {}],
    ["belongs to a narrower keeper", {}, { predicate: "(b > 0)" }],
    ["carries a column that the wider one has not", { include: ["c"] }, {}],
    ["is unique", { isUnique: true }, {}],
    ["backs a constraint", { isConstraint: true }, {}],
    ["is a foreign key's target", { isForeignKeyTarget: true }, {}],
    ["is the replica identity", { isReplicaIdentity: true }, {}],
    ["is a partition's part", { parent: { schema: "public", name: "p" } }, {}],
    ["has a keeper that is invalid", {}, { isValid: false }],
    ["is another method", { method: "hash" }, {}],
  ])("is no index that %s", (_reason, narrow, wide) => {
    expect(drops([index("a", ["a"], narrow), index("ab", ["a", "b"], wide)])).toEqual([]);
  });

  it("is no index with another operator class or collation", () => {
    for (const change of [{ opclass: "text_pattern_ops" }, { collation: '"C"' }]) {
      const base = smallSnapshot({
        tables: { t: { columns: ["a text", "b int"] } },
        indexes: [index("a", ["a"]), index("ab", ["a", "b"])],
      });
      const indexes = base.indexes.map((item) =>
        item.name === "a"
          ? Object.assign({}, item, {
              keys: item.keys.map((key) => Object.assign({}, key, change)),
            })
          : item,
      );
      expect(auditSnapshot(createSchemaLookup({ ...base, indexes })).drops).toEqual([]);
    }
  });

  it("is one of two equal unique indexes, and never the one behind a constraint", () => {
    const unique = { isUnique: true };
    expect(
      drops([
        index("constraint", ["a"], { ...unique, isConstraint: true }),
        index("own", ["a"], unique),
      ]),
    ).toEqual(["own for constraint"]);
    expect(
      drops([
        index("own", ["a"], unique),
        index("constraint", ["a"], { ...unique, isConstraint: true }),
      ]),
    ).toEqual(["own for constraint"]);
    expect(
      drops([
        index("own", ["a"], unique),
        index("nulls", ["a"], { ...unique, nullsNotDistinct: true }),
      ]),
    ).toEqual([]);
  });

  it("keeps one of three", () => {
    expect(drops([index("x", ["a"]), index("y", ["a"]), index("z", ["a", "b"])])).toEqual([
      "y for x",
      "x for z",
    ]);
  });
});

describe("unused", () => {
  const idle = { scans: 0 };

  it("is an index without scans for long enough", () => {
    expect(drops([index("i", ["a"], idle)])).toEqual(["i"]);
    expect(drops([index("i", ["a"], { scans: 1 })])).toEqual([]);
    expect(drops([index("i", ["a"], { scans: null })])).toEqual([]);
  });

  it("is none that was scanned before the reset, is unique, or is small", () => {
    expect(drops([index("i", ["a"], { ...idle, lastScanAtMs: 1_700_000_000_000 })])).toEqual([]);
    expect(drops([index("i", ["a"], { ...idle, isUnique: true })])).toEqual([]);
    expect(drops([index("i", ["a"], { ...idle, pages: 127 })])).toEqual([]);
    expect(drops([index("i", ["a"], { ...idle, pages: 128 })])).toEqual(["i"]);
  });

  it("is a hint until it was watched for a week, and when nobody knows for how long", () => {
    const { server, capturedAtMs } = smallSnapshot({ tables: {} });
    const finding = (days: number | null) => {
      const statisticsResetAtMs = days === null ? null : capturedAtMs - days * 86_400_000;
      const snapshot = smallSnapshot({
        tables: { t: { columns: ["a int"] } },
        indexes: [index("i", ["a"], idle)],
        changes: { server: { ...server, statisticsResetAtMs } },
      });
      return auditSnapshot(createSchemaLookup(snapshot)).drops[0]?.finding;
    };
    expect(finding(7)).toMatchObject({ severity: "warn", confidence: "likely" });
    expect(finding(7)?.title).toContain("in 7 days");
    expect(finding(6.9)).toMatchObject({ severity: "info", confidence: "hint" });
    expect(finding(0.25)?.title).toContain("in 6 hours");
    expect(finding(0.001)?.title).toContain("in 1 minute");
    expect(finding(null)).toMatchObject({ severity: "info", confidence: "hint" });
  });
});

it("a unique index that is invalid is a hint to a person: to rebuild it fails until duplicates are gone", () => {
  const broken = index("broken", ["a"], { isValid: false, isUnique: true });
  const snapshot = smallSnapshot({ tables: { t: { columns: ["a int"] } }, indexes: [broken] });
  const [finding] = auditSnapshot(createSchemaLookup(snapshot)).findings;
  expect(finding).toMatchObject({ rule: "index/invalid", severity: "error", confidence: "hint" });
  expect(finding?.fix.caution).toMatch(/^Remove duplicate rows first/);
});

function invalidFixes(sketch: IndexSketch): readonly (string | undefined)[] {
  const snapshot = smallSnapshot({ tables: { t: { columns: ["a int"] } }, indexes: [sketch] });
  return auditSnapshot(createSchemaLookup(snapshot))
    .findings.filter(({ rule }) => rule === "index/invalid")
    .map(({ fix }) => fix.sql);
}

describe("invalid", () => {
  it("is rebuilt, or dropped when REINDEX left it", () => {
    expect(invalidFixes(index("broken", ["a"], { isValid: false }))).toEqual([
      "REINDEX INDEX CONCURRENTLY public.broken;",
    ]);
    expect(invalidFixes(index("broken_ccnew", ["a"], { isValid: false }))).toEqual([
      "DROP INDEX CONCURRENTLY public.broken_ccnew;",
    ]);
    expect(invalidFixes(index("fine", ["a"]))).toEqual([]);
  });
});
