import { beforeAll, describe, expect, it } from "vitest";
import { smallSnapshot } from "../../test/fixtures/small-snapshot.ts";
import { createSchemaLookup } from "./schema-lookup.ts";
import { queryShape } from "./shape/extract-shape.ts";
import { loadSqlParser, type SqlParser } from "./sql-parser.ts";
import { tableWrites, type TableWrites } from "./write-rates.ts";

let parser: SqlParser;
beforeAll(async () => {
  parser = await loadSqlParser();
});

const schema = createSchemaLookup(
  smallSnapshot({ tables: { t: { columns: ["a int", "b int"], rows: 40_000 } } }),
);

function writes(text: string, calls: number, rows: number | null): TableWrites {
  const parsed = parser.parse(text);
  if ("refused" in parsed || parsed[0] === undefined) throw new Error(text);
  const shape = queryShape(parsed[0].node, schema, parser);
  return tableWrites(schema.snapshot.relations[0]!, [{ calls, rows, shape }], schema);
}

const LOAD = "insert into t select n, n from generate_series(1, 40000) n";

describe("writes of the workload", () => {
  it("count rows, and calls where rows are not known", () => {
    expect(writes("insert into t values ($1, $2)", 70, 70).inserts).toBe(70);
    expect(writes("insert into t values ($1, $2)", 70, null).inserts).toBe(70);
  });

  it("leave out what was loaded once and is still there, not what is loaded over and over", () => {
    expect(writes(LOAD, 1, 40_000).inserts).toBe(0);
    expect(writes(LOAD, 10, 400_000).inserts).toBe(360_000);
  });

  it("leave out an update of the whole table by hand, not one that comes every night", () => {
    expect(writes("update t set b = a", 1, 40_000).updates).toEqual([]);
    expect(writes("update t set b = a", 30, 1_200_000).updates).toEqual([
      { rows: 1_200_000, setColumns: ["b"] },
    ]);
  });
});
