import { beforeAll, expect, it } from "vitest";
import { smallSnapshot } from "../../test/fixtures/small-snapshot.ts";
import { createSchemaLookup } from "../workload/schema-lookup.ts";
import { queryShape } from "../workload/shape/extract-shape.ts";
import { loadSqlParser, type SqlParser } from "../workload/sql-parser.ts";
import { btreeGenerator } from "./btree/btree-generator.ts";
import { generateCandidates, type IndexCandidate } from "./generate-candidates.ts";

let parser: SqlParser;
beforeAll(async () => {
  parser = await loadSqlParser();
});

function candidates(...texts: readonly string[]): readonly IndexCandidate[] {
  const columns = ["id bigint", "category text", "at timestamptz", "title text"];
  const schema = createSchemaLookup(smallSnapshot({ tables: { threads: { columns } } }));
  const statements = texts.map((text, position) => {
    const parsed = parser.parse(text);
    if ("refused" in parsed || parsed[0] === undefined) throw new Error(text);
    return { id: `q${position}`, calls: 1, shape: queryShape(parsed[0].node, schema, parser) };
  });
  return generateCandidates(statements, schema, [btreeGenerator]);
}

function keysOf({ definition }: IndexCandidate): string {
  return definition.keys.map(({ expression }) => expression).join(", ");
}

it("an index that another statement wants is an early stop for one whose filter it does not have", () => {
  const page =
    "select id from threads where category = $1 and (at, id) < ($2, $3) order by at desc, id desc limit 20";
  const newest = "select id from threads order by at desc limit 20";
  const found = candidates(page, newest);
  const byKeys = new Map(found.map((candidate) => [keysOf(candidate), candidate]));
  expect([...(byKeys.get("at")?.earlyStops ?? [])]).toEqual(["q0"]);
  expect(byKeys.get("category, at, id")?.earlyStops.size).toBe(0);
});
