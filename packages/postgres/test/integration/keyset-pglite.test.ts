import { PGlite } from "@electric-sql/pglite";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cursors, keyset } from "../../src/index.ts";
import { randomWalks, setupSql, VALUE_TYPES } from "./keyset/random-table.ts";
import { TEST_SECRET, walkRandomTable } from "./keyset/walk-random-table.ts";

const TABLES = process.env["UPSHIFT_TEST_SCALE"] === "full" ? 60 : 10;

let db: PGlite;
beforeAll(async () => {
  db = await PGlite.create();
  await db.exec(setupSql(false));
}, 180_000);
afterAll(async () => {
  await db.close();
});

test("walks over random tables are exact with PGlite too", async () => {
  const types = VALUE_TYPES.filter(({ isServerOnly }) => isServerOnly !== true);
  let tables = 0;
  await fc.assert(
    fc.asyncProperty(randomWalks(types), async (walk) => {
      const name = `walked_${(tables += 1)}`;
      const walked = await walkRandomTable(db, name, walk, async () => undefined);
      expect(walked.forward).toEqual(walked.expected);
      expect(walked.backward).toEqual(walked.expected);
      expect(walked.whole).toEqual(walked.expected);
    }),
    { numRuns: TABLES, seed: 7, endOnFailure: true },
  );
}, 600_000);

test("a plan is explained and rolled back with PGlite too", async () => {
  await db.exec("CREATE TABLE plain (id int PRIMARY KEY, v int NOT NULL)");
  const list = keyset(db, {
    from: "plain",
    order: ["v"],
    cursors: cursors({ secret: TEST_SECRET }),
  });
  const { warnings } = await list.explain();
  expect(warnings).toMatchObject([{ kind: "no-index" }]);
  expect((await db.query("SHOW enable_sort")).rows).toEqual([{ enable_sort: "on" }]);
});
