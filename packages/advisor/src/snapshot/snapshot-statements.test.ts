import { expect, test } from "vitest";
import { snapshotStatements } from "./snapshot-statements.ts";

test("every statement says what it is for, and the forms of old servers come first", () => {
  const statements = snapshotStatements();
  for (const { purpose, text } of statements) {
    expect(purpose).not.toBe("");
    expect(text).toMatch(/^(?:BEGIN READ ONLY|SET LOCAL |SELECT |COMMIT$|ROLLBACK$)/);
    expect(text).not.toContain(";");
  }
  const statistics = statements.filter(
    ({ purpose }) => purpose === "planner statistics of columns",
  );
  expect(statistics.map(({ minimumVersion }) => minimumVersion)).toEqual([140_000, 170_000]);
  expect(new Set(statements.map(({ text }) => text)).size).toBe(statements.length);
});

test("a known server gets one form of each", () => {
  const statements = snapshotStatements(160_004);
  expect(statements.filter(({ purpose }) => purpose === "columns")).toHaveLength(1);
  expect(statements.map(({ text }) => text).join("\n")).toContain("daticulocale");
});

test("no relation, function or type of the user can stand in for one of PostgreSQL", () => {
  for (const { text } of snapshotStatements()) {
    const relations = [
      ...text.matchAll(/(?<!DISTINCT )\b(?:FROM|JOIN)\s+(?!LATERAL\b|\()([\w.]+)/g),
    ].map((match) => match[1]);
    for (const relation of relations) {
      expect(relation).toMatch(/^(?:pg_catalog\.\w+|public\.pg_stat_statements)$/);
    }
  }
});
