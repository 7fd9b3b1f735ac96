import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { diagnose } from "../../../src/diagnose.ts";
import type { DatabaseSnapshot } from "../../../src/snapshot/database-snapshot.ts";
import { shopTemplate } from "../../fixtures/shop-database.ts";
import { realCost } from "../../real-cost.ts";
import { snapshotOf } from "../../snapshot-of.ts";

const WORKLOAD = `
select * from orders where user_id = 4711;
select id from events where account_id = 42 and at > '2025-03-01';
drop table orders;
select secret from;
`;

let database: TestDatabase;
let snapshot: DatabaseSnapshot;

beforeAll(async () => {
  database = await createTestDatabase({ template: shopTemplate });
  await database.query(`
    CREATE TABLE events (id bigint, account_id integer, at timestamptz NOT NULL, data text)
      PARTITION BY RANGE (at);
    CREATE TABLE events_2025_02 PARTITION OF events FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
    CREATE TABLE events_2025_03 PARTITION OF events FOR VALUES FROM ('2025-03-01') TO ('2025-04-01');
    INSERT INTO events
    SELECT n, n % 1000, timestamptz '2025-02-01 12:00' + (n % 57) * interval '1 day', md5(n::text)
    FROM generate_series(1, 100000) n;
    ANALYZE events;
  `);
  snapshot = await snapshotOf(database.url, { workloadSql: WORKLOAD });
}, 120_000);

afterAll(() => database?.drop());

describe("a diagnosis", () => {
  it("ranks, names each finding once, and fixes what a plan shows by the index that was verified", async () => {
    const reported: string[] = [];
    const { findings, advice } = await diagnose(snapshot, {
      onFinding: ({ key }) => reported.push(key),
    });
    const keys = findings.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    expect(reported.toSorted()).toEqual(keys.toSorted());

    const scan = findings.find(
      ({ rule, where }) => rule === "plan/seq-scan" && where.query?.includes("orders") === true,
    );
    expect(scan?.fix.sql).toContain("CREATE INDEX CONCURRENTLY orders_user_id_idx");
    expect(scan?.verified?.how).toBe("twin");
    expect(scan?.verified?.after.planCost).toBeLessThan((scan?.cost.planCost ?? 0) / 10);
    expect(advice.workload.costAfter).toBeLessThan(advice.workload.costBefore / 5);
  }, 60_000);

  it("shows no constant of any query", async () => {
    const diagnosis = await diagnose(snapshot);
    expect(JSON.stringify(diagnosis.findings)).not.toContain("4711");
    expect(JSON.stringify(diagnosis.advice)).not.toContain("4711");
  }, 60_000);

  it("says what it skipped and why", async () => {
    const { advice } = await diagnose(snapshot);
    expect(advice.skipped).toHaveLength(2);
  }, 60_000);

  it("goes on without the twin when it does not start", async () => {
    const before = process.env["TMPDIR"];
    process.env["TMPDIR"] = "/nonexistent";
    onTestFinished(() => {
      if (before === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = before;
    });
    const { findings, notes, advice } = await diagnose(snapshot);
    expect(notes).toEqual(expect.arrayContaining([expect.stringContaining("start the twin")]));
    expect(advice.indexes).toEqual([]);
    expect(findings.map(({ title }) => title).join()).toContain("order_items");
  });

  it("stops with the signal's reason", async () => {
    const reason = new Error("enough");
    await expect(diagnose(snapshot, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    await expect(
      diagnose(snapshot, {
        signal: controller.signal,
        onProgress: ({ stage }) => {
          if (stage === "search") controller.abort(reason);
        },
      }),
    ).rejects.toBe(reason);
  }, 60_000);
});

describe("a partitioned table", () => {
  it("gets its index part by part, and the undo takes all of it back", async () => {
    const { advice } = await diagnose(snapshot);
    const index = advice.indexes.find(({ definition }) => definition.table === "events");
    expect(index?.ddl.split("\n")).toEqual([
      expect.stringMatching(/^CREATE INDEX \w+ ON ONLY public\.events /),
      expect.stringMatching(/^CREATE INDEX CONCURRENTLY \w+ ON public\.events_2025_02 /),
      expect.stringMatching(/^ALTER INDEX public\.\w+ ATTACH PARTITION public\.\w+;$/),
      expect.stringMatching(/^CREATE INDEX CONCURRENTLY \w+ ON public\.events_2025_03 /),
      expect.stringMatching(/^ALTER INDEX public\.\w+ ATTACH PARTITION public\.\w+;$/),
    ]);
    for (const statement of index?.ddl.split("\n") ?? []) await database.query(statement);
    const [row] = await database.query(
      "SELECT indisvalid FROM pg_index WHERE indrelid = 'events'::regclass",
    );
    expect(row?.["indisvalid"]).toBe(true);
    const text = "select id from events where account_id = 42 and at > '2025-03-01'";
    const claimed = advice.queries.find((query) => query.text.includes("events"))?.costAfter ?? 0;
    expect(Math.abs((await realCost(database, text)) / claimed - 1)).toBeLessThan(0.02);
    await database.query(index?.undo ?? "");
    expect(await database.query("SELECT 1 FROM pg_indexes WHERE tablename LIKE 'events%'")).toEqual(
      [],
    );
  }, 60_000);
});
