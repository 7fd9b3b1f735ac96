import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Advice } from "../../../src/advice.ts";
import { advise } from "../../../src/advise.ts";
import type { DatabaseSnapshot } from "../../../src/snapshot/database-snapshot.ts";
import { openTwin } from "../../../src/twin/open-twin.ts";
import type { Twin } from "../../../src/twin/twin.ts";
import { advisedKeys, withQueries } from "../../advice-of.ts";
import { shopTemplate } from "../../fixtures/shop-database.ts";
import { snapshotOf } from "../../snapshot-of.ts";

let database: TestDatabase;
let snapshot: DatabaseSnapshot;
let twin: Twin;

beforeAll(async () => {
  database = await createTestDatabase({ template: shopTemplate });
  snapshot = await snapshotOf(database.url);
  twin = await openTwin(snapshot);
}, 120_000);

afterAll(async () => {
  await twin?.close();
  await database?.drop();
});

async function adviceFor(...texts: readonly string[]): Promise<Advice> {
  return advise({ snapshot: await withQueries(snapshot, texts), planner: twin });
}

describe("statements as pg_stat_statements writes them", () => {
  it.each([
    ["select * from orders where user_id = $1"],
    ["select * from orders where user_id in ($1 /*, ... */)"],
    ["select * from orders where user_id = any($1)"],
    ["select * from orders where user_id = $1 and created_at > now() - interval $2"],
    ["select extract($1 from created_at) from orders where user_id = $2"],
    ["select * from orders where user_id = $1 and created_at between date $2 and $3"],
    ["select coalesce(note, $1) from orders where user_id = $2 limit $3 offset $4"],
    ["update orders set status = $1, total = total + $2 where user_id = $3"],
    ["select * from orders where ($1::bigint is null or user_id = $1)"],
    [
      "select 1 from users u where exists (select $1 from orders o where o.user_id = u.id) and u.id = $2",
    ],
  ])("%s", async (text) => {
    const advice = await adviceFor(text);
    expect(advice.skipped).toEqual([]);
    expect(advisedKeys(advice)[0]).toMatch(/^orders \(user_id/);
  });

  it("a pattern that may start with a wildcard makes the index a hint, as a plan for all values never uses it", async () => {
    const advice = await adviceFor("select * from users where email like $1");
    expect(advice.indexes).toHaveLength(1);
    for (const { confidence, cautions } of advice.indexes) {
      expect(confidence).toBe("hint");
      expect(cautions.join()).toContain("start with text");
      expect(cautions.join()).toContain("named prepared statements");
    }
  });

  it("writes that cost more than the reads gain keep an index away", async () => {
    const read = "select * from orders where user_id = $1";
    const write = {
      text: "insert into orders (id, tenant_id, user_id, status, total, is_gift, created_at) values ($1, $2, $3, $4, $5, $6, $7)",
      calls: 1,
    };
    const ask = async (calls: number): Promise<readonly string[]> => {
      const asked = await withQueries(snapshot, [read, { ...write, calls }]);
      return advisedKeys(await advise({ snapshot: asked, planner: twin }));
    };
    expect(await ask(10)).toEqual(["orders (user_id)"]);
    // A read saves about 5,300; an entry costs about 1.4.
    expect(await ask(100_000)).toEqual([]);
  });
});
