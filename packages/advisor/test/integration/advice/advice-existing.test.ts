import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Advice } from "../../../src/advice.ts";
import { advise } from "../../../src/advise.ts";
import { diagnose } from "../../../src/diagnose.ts";
import type { DatabaseSnapshot } from "../../../src/snapshot/database-snapshot.ts";
import { openTwin } from "../../../src/twin/open-twin.ts";
import { advisedKeys, withQueries } from "../../advice-of.ts";
import { shopTemplate } from "../../fixtures/shop-database.ts";
import { realCost } from "../../real-cost.ts";
import { snapshotOf } from "../../snapshot-of.ts";

const DAY_MS = 86_400_000;

let database: TestDatabase;
let snapshot: DatabaseSnapshot;

beforeAll(async () => {
  database = await createTestDatabase({ template: shopTemplate });
  await database.query(`
    CREATE INDEX orders_user ON orders (user_id);
    CREATE INDEX orders_user_again ON orders (user_id);
    CREATE INDEX orders_user_status ON orders (user_id, status);
    CREATE INDEX orders_total_tenant ON orders (total, tenant_id);
    CREATE INDEX orders_note ON orders (note);
    CREATE UNIQUE INDEX users_email_unique ON users (email);
    CREATE INDEX users_email_country ON users (email, country);
    CREATE TABLE visits (id bigint, user_id bigint REFERENCES users (id), at timestamptz);
    ALTER TABLE visits SET (autovacuum_enabled = false);
    INSERT INTO visits SELECT n, n % 20000 + 1, now() FROM generate_series(1, 20000) n;
  `);
  const taken = await snapshotOf(database.url);
  // Counted for 30 days, as on a server that has run for a while.
  snapshot = {
    ...taken,
    server: { ...taken.server, statisticsResetAtMs: taken.capturedAtMs - 30 * DAY_MS },
  };
}, 120_000);

afterAll(() => database?.drop());

async function adviceFor(
  change: Partial<DatabaseSnapshot>,
  ...texts: readonly string[]
): Promise<Advice> {
  const asked = await withQueries({ ...snapshot, ...change }, texts);
  const twin = await openTwin(asked);
  try {
    return await advise({ snapshot: asked, planner: twin });
  } finally {
    await twin.close();
  }
}

function titles(advice: Pick<Advice, "findings">, rule: string): readonly string[] {
  return advice.findings.filter((finding) => finding.rule === rule).map(({ title }) => title);
}

describe("without a workload", () => {
  it("the catalog alone shows duplicate, unused and unindexed, and what was never analysed", async () => {
    const { findings, notes } = await diagnose(snapshot);
    const found = findings.map(({ rule, title }) => `${rule}: ${title}`);
    expect(found).toEqual(
      expect.arrayContaining([
        "index/duplicate: Index orders_user_again on orders is the same as orders_user",
        "index/duplicate: Index orders_user on orders is the start of orders_user_status",
        "index/unused: Index orders_note on orders was not used once in 30 days",
        "statistics/missing: Table visits has no statistics, so every plan on it rests on defaults",
        "index/missing: Each delete from users scans all of visits: no index starts with user_id",
        "index/missing: Each delete from orders scans all of order_items: no index starts with order_id",
      ]),
    );
    // A unique index means more than speed, also where a wider one starts with it.
    expect(found.join()).not.toContain("Index users_email_unique");
    expect(notes).toEqual([expect.stringContaining("pg_stat_statements")]);
  });

  it("an unused index is not said to make a used one redundant", async () => {
    const used = snapshot.indexes.map((index) =>
      index.name === "orders_user" ? Object.assign({}, index, { scans: 5 }) : index,
    );
    const { findings } = await diagnose({ ...snapshot, indexes: used });
    const dropped = findings
      .map(({ fix }) => fix.title)
      .filter((title) => title.includes("orders_user"));
    expect(dropped.toSorted()).toEqual(["Drop orders_user_again", "Drop orders_user_status"]);
  });

  it("every drop has the statement that builds the index again", async () => {
    const { findings } = await diagnose(snapshot);
    const drop = findings.find(({ fix }) => fix.title === "Drop orders_note");
    expect(drop?.fix.sql).toBe("DROP INDEX CONCURRENTLY public.orders_note;");
    expect(drop?.fix.undo).toBe(
      "CREATE INDEX CONCURRENTLY orders_note ON public.orders USING btree (note);",
    );
    await database.query(drop?.fix.sql ?? "");
    await database.query(drop?.fix.undo ?? "");
    const [row] = await database.query(
      "SELECT count(*)::int AS count FROM pg_indexes WHERE indexname = 'orders_note'",
    );
    expect(row?.["count"]).toBe(1);
  });
});

describe("with a workload", () => {
  it("a drop is proved by planning without the index, and the real server agrees", async () => {
    const text = "select * from orders where user_id = 77";
    const advice = await adviceFor({}, text);
    const proved = advice.findings.filter(({ rule }) => rule === "index/duplicate");
    expect(proved.map(({ confidence }) => confidence)).toEqual(["proven", "proven"]);
    for (const { verified } of proved) {
      const before = verified?.before.planCost ?? 0;
      expect(before).toBeGreaterThan(0);
      expect(verified?.after.planCost).toBeLessThanOrEqual(before * 1.02);
    }
    const cost = await realCost(database, text);
    for (const { fix } of proved) await database.query(fix.sql ?? "");
    expect(await realCost(database, text)).toBeLessThanOrEqual(cost * 1.02);
    for (const { fix } of proved) await database.query(fix.undo ?? "");
  });

  it("an index without scans that the workload needs is not reported as unused", async () => {
    const needed = await adviceFor({}, "select * from orders where note = 'note x'");
    expect(titles(needed, "index/unused").join()).not.toContain("orders_note");
    const other = await adviceFor({}, "select * from orders where user_id = 77");
    expect(titles(other, "index/unused")).toContain(
      "Index orders_note on orders was not used once in 30 days",
    );
  });

  it("a composite in the wrong order is replaced by the right one, not joined by it", async () => {
    const advice = await adviceFor(
      {},
      "select total from orders where tenant_id = 7 and total > 100 order by total limit 1000",
      "select count(*) from orders where tenant_id = 7 and total > 250",
    );
    expect(advisedKeys(advice)).toEqual(["orders (tenant_id, total)"]);
    expect(advice.indexes[0]?.replaces.map(({ name }) => name)).toEqual(["orders_total_tenant"]);
    const finding = advice.findings.find(({ rule }) => rule === "index/column-order");
    expect(finding?.fix.sql?.split("\n")).toEqual([
      expect.stringContaining("CREATE INDEX CONCURRENTLY"),
      "DROP INDEX CONCURRENTLY public.orders_total_tenant;",
    ]);
  });

  it("a foreign key whose index is advised is not reported again", async () => {
    const advice = await adviceFor({}, "delete from orders where id = 5");
    expect(advisedKeys(advice)).toEqual(["order_items (order_id)"]);
    expect(titles(advice, "index/missing").join()).not.toContain("Each delete from orders");
  });

  it("hidden statistics make advice a hint that names the grant", async () => {
    const hidden: Partial<DatabaseSnapshot> = {
      columnStatistics: snapshot.columnStatistics.filter(
        ({ relation }) => relation !== "order_items",
      ),
      relations: snapshot.relations.map((relation) =>
        relation.name === "order_items"
          ? Object.assign({}, relation, {
              columns: relation.columns.map((column) =>
                Object.assign({}, column, { hasVisibleStatistics: false }),
              ),
            })
          : relation,
      ),
      visibility: {
        role: "reader",
        isSuperuser: false,
        hidden: [
          {
            what: "column-statistics",
            object: "public.order_items",
            reason: "the role may not read the table",
            grant: "GRANT SELECT ON public.order_items TO reader;",
          },
        ],
      },
    };
    const advice = await adviceFor(hidden, "select * from order_items where product_id = 7");
    expect(advice.indexes[0]?.confidence).toBe("hint");
    expect(advice.indexes[0]?.cautions.join()).toContain(
      "GRANT SELECT ON public.order_items TO reader;",
    );
    expect(advice.findings.find(({ rule }) => rule === "index/missing")?.confidence).toBe("hint");
  });
});

describe("an older server", () => {
  it("is given the index that PostgreSQL 18 can do without by skip scan", async () => {
    const indexes = snapshot.indexes.filter(({ name }) => !name.startsWith("orders_user"));
    const skipping = {
      ...(snapshot.indexes.find(({ name }) => name === "orders_user_status") ?? indexes[0]!),
      name: "orders_gift_user",
      definition: "CREATE INDEX orders_gift_user ON public.orders USING btree (is_gift, user_id)",
    };
    const keys = [key("is_gift"), key("user_id")];
    const change = { indexes: [...indexes, { ...skipping, keys }] };
    const text = "select * from orders where user_id = 77";
    const today = await adviceFor(change, text);
    const older = await adviceFor(
      { ...change, server: { ...snapshot.server, versionNumber: 170_006 } },
      text,
    );
    expect(today.workload.costBefore).toBeLessThan(older.workload.costBefore / 10);
    expect(advisedKeys(older)).toEqual(["orders (user_id)"]);
    expect(older.workload.costAfter).toBeLessThan(older.workload.costBefore / 10);
  });
});

function key(column: string) {
  return {
    column,
    expression: column,
    direction: "asc",
    nulls: "last",
    opclass: null,
    collation: null,
  } as const;
}
