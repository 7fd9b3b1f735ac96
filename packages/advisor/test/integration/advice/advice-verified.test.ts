import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Advice } from "../../../src/advice.ts";
import { advise } from "../../../src/advise.ts";
import type { DatabaseSnapshot } from "../../../src/snapshot/database-snapshot.ts";
import { openTwin } from "../../../src/twin/open-twin.ts";
import type { Twin } from "../../../src/twin/twin.ts";
import { advisedKeys, withQueries } from "../../advice-of.ts";
import { shopTemplate } from "../../fixtures/shop-database.ts";
import { realCost } from "../../real-cost.ts";
import { snapshotOf } from "../../snapshot-of.ts";

/** Written with constants, so that the real server can explain the very same text. */
const WORKLOAD = [
  "select * from orders where user_id = 77",
  "select * from orders where user_id = 78 order by created_at desc limit 20",
  "select id, total from orders where status = 'pending' and tenant_id = 5",
  "select o.id, i.product_id from orders o join order_items i on i.order_id = o.id where o.user_id = 5",
  "select sum(total) from orders where created_at > '2025-02-15'",
  "update orders set status = 'paid' where status = 'pending' and tenant_id = 3",
  "select * from users where email = 'user5@example.org'",
  "select * from users where email like 'user77%'",
  'select * from "Mixed Case" where "Owner Id" = 5',
  "select * from orders where tenant_id = 5 and (created_at, id) < ('2025-01-01', 5) order by created_at desc, id desc limit 20",
  "select max(price) from order_items where product_id = 7",
  "delete from orders where id = 5",
];

let database: TestDatabase;
let snapshot: DatabaseSnapshot;
let twin: Twin;

beforeAll(async () => {
  database = await createTestDatabase({ template: shopTemplate });
  snapshot = await snapshotOf(database.url, { workloadSql: `${WORKLOAD.join(";\n")};` });
  twin = await openTwin(snapshot);
}, 120_000);

afterAll(async () => {
  await twin?.close();
  await database?.drop();
});

async function adviceFor(...texts: readonly string[]): Promise<Advice> {
  return advise({ snapshot: await withQueries(snapshot, texts), planner: twin });
}

describe("classic cases", () => {
  it.each([
    ["equality", "select * from orders where user_id = 77", "orders (user_id)"],
    [
      "equality and sort",
      "select * from orders where tenant_id = 7 order by total desc limit 20",
      "orders (tenant_id, total)",
    ],
    [
      "a rare category in the text",
      "select * from orders where status = 'pending' order by created_at limit 50",
      "orders (created_at) WHERE status = 'pending'",
    ],
    [
      "an equality before a range",
      "select * from orders where total > 400 and tenant_id = 7",
      "orders (tenant_id, total)",
    ],
    ["a rare boolean", "select * from orders where is_gift", "orders (is_gift) WHERE is_gift"],
    [
      "a join",
      "select * from users u join orders o on o.user_id = u.id where u.id = 5",
      "orders (user_id)",
    ],
    [
      "LIKE with a prefix, which needs its operators",
      "select * from users where email like 'user77%'",
      "users (email text_pattern_ops)",
    ],
    [
      "a keyset page",
      "select * from orders where tenant_id = 5 and (created_at, id) < ('2025-01-01', 5) order by created_at desc, id desc limit 20",
      "orders (tenant_id, created_at, id)",
    ],
    [
      "the largest of a group",
      "select max(price) from order_items where product_id = 7",
      "order_items (product_id, price)",
    ],
    [
      "DELETE by a column",
      "delete from order_items where product_id = 7",
      "order_items (product_id)",
    ],
    ["quoted names", 'select * from "Mixed Case" where "Owner Id" = 5', 'Mixed Case ("Owner Id")'],
    [
      "a correlated EXISTS",
      "select * from users u where u.id < 50 and exists (select * from orders o where o.user_id = u.id and o.status = 'pending')",
      "orders (user_id) WHERE status = 'pending'",
    ],
  ])("%s", async (_name, text, expected) => {
    expect(advisedKeys(await adviceFor(text))).toEqual([expected]);
  });

  it("a parameter asks for an index that serves every value", async () => {
    const advice = await adviceFor("select * from orders where status = $1 and user_id = $2");
    expect(advisedKeys(advice)).toEqual(["orders (user_id, status)"]);
  });

  it("a delete from a table that others reference asks for an index on the reference", async () => {
    expect(advisedKeys(await adviceFor("delete from orders where id = $1"))).toEqual([
      "order_items (order_id)",
    ]);
  });

  it("one index serves two queries where one can", async () => {
    const advice = await adviceFor(
      "select sum(total) from orders where tenant_id = 7",
      "select * from orders where tenant_id = 8 order by total desc limit 20",
    );
    expect(advisedKeys(advice)).toEqual(["orders (tenant_id, total)"]);
    expect(advice.indexes[0]?.queries).toHaveLength(2);
  });

  it("a query that reads most of a table asks for nothing", async () => {
    expect(advisedKeys(await adviceFor("select * from orders where total > 1"))).toEqual([]);
  });

  it("what cannot be planned is skipped with its reason, and the rest is advised on", async () => {
    const advice = await adviceFor(
      "create table x (a int)",
      "select nothing from nowhere",
      "selec 1",
      "select * from orders where user_id = 77",
    );
    expect(advisedKeys(advice)).toEqual(["orders (user_id)"]);
    expect(advice.skipped.map(({ reason }) => reason)).toEqual([
      expect.stringContaining("utility statement"),
      expect.stringContaining("does not parse"),
      expect.stringContaining("nowhere"),
    ]);
  });
});

describe("the whole workload", () => {
  it("stays within its budget, and takes less room for less gain", async () => {
    const budgetBytes = 3_000_000;
    const small = await advise({ snapshot, planner: twin, budgetBytes });
    const large = await advise({ snapshot, planner: twin });
    const sizeBytes = small.indexes.reduce((sum, index) => sum + index.sizeBytes, 0);
    expect(small.indexes.length).toBeGreaterThan(0);
    expect(sizeBytes).toBeLessThanOrEqual(budgetBytes);
    expect(small.workload.costAfter).toBeGreaterThan(large.workload.costAfter);
    expect(large.workload.costAfter).toBeLessThan(large.workload.costBefore / 10);
    expect(large.search?.lowerBound).toBeLessThanOrEqual(large.workload.costAfter);
  });

  it("is as cheap on the real server as was claimed once the advice is followed, nothing is dearer, and nothing more is advised", async () => {
    const advice = await advise({ snapshot, planner: twin });
    const before = await realCosts();
    for (const { ddl } of advice.indexes) {
      for (const statement of ddl.split("\n")) await database.query(statement);
    }
    const after = await realCosts();
    const checked = WORKLOAD.map((text, position) => {
      const real = after[position] ?? 0;
      const claimed = advice.queries[position]?.costAfter ?? 0;
      const isDearer = real > (before[position] ?? 0) * 1.02;
      const isAsClaimed = Math.abs(real / claimed - 1) < 0.02;
      return { text, real, claimed, isDearer, isAsClaimed };
    });
    expect(checked.filter(({ isDearer, isAsClaimed }) => isDearer || !isAsClaimed)).toEqual([]);

    const followed = await snapshotOf(database.url, { workloadSql: `${WORKLOAD.join(";\n")};` });
    const next = await openTwin(followed);
    try {
      const again = await advise({ snapshot: followed, planner: next });
      expect(advisedKeys(again)).toEqual([]);
    } finally {
      await next.close();
    }
    for (const { undo } of advice.indexes) await database.query(undo);
    expect(await realCosts()).toEqual(before);
  }, 120_000);
});

async function realCosts(): Promise<readonly number[]> {
  const costs: number[] = [];
  for (const text of WORKLOAD) costs.push(await realCost(database, text));
  return costs;
}
