import {
  type PostgresServer,
  startPostgres,
  startTcpProxy,
  type TcpProxy,
} from "@upshift/services";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { ownPid, poolOpener } from "../pool-under-test.ts";
import { until } from "../until.ts";

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

const open = poolOpener(() => server.url());

async function throughProxy(): Promise<{ readonly proxy: TcpProxy; readonly url: string }> {
  const proxy = await startTcpProxy({ port: server.port });
  onTestFinished(() => proxy.stop());
  const url = new URL(server.url());
  url.port = String(proxy.port);
  return { proxy, url: url.href };
}

/** Fast enough for a test, far above what a loaded machine needs for an answer. */
const HANG = { connectionTimeout: 300, hangTimeout: 400 };

describe("a server that hangs", () => {
  test("holds no statement for longer than the hang timeout and two attempts to reach it", async () => {
    const { proxy, url } = await throughProxy();
    const db = open({ ...HANG, primary: url });
    await db.query("SELECT 1");
    proxy.pause();
    const hung = [db.query("SELECT 1"), db.primary.query("SELECT 1")];
    const failures = await Promise.allSettled(hung);
    expect(failures).toMatchObject([
      { reason: { code: "UPSHIFT_CONNECTION_HUNG", details: { reason: "unreachable" } } },
      // The second one needed a new connection.
      { reason: { code: "UPSHIFT_CONNECT_TIMEOUT", details: { timeoutMs: 300 } } },
    ]);
    proxy.resume();
    await until(async () => (await db.health()).isHealthy);
    expect(db.gauges().busyCount).toBe(0);
  });

  test("an abort does not wait for it", async () => {
    const { proxy, url } = await throughProxy();
    const db = open({ primary: url, hangTimeout: 0 });
    await db.query("SELECT 1");
    proxy.pause();
    const abort = new AbortController();
    const hung = db.query("SELECT 1", [], abort);
    await until(() => db.gauges().busyCount === 1);
    abort.abort(new Error("enough"));
    await expect(hung).rejects.toThrow("enough");
    await until(() => db.gauges().busyCount === 0);
  });

  test("between the handshake and the session's settings loses the caller its connection only", async () => {
    const { proxy, url } = await throughProxy();
    const db = open({ ...HANG, primary: url });
    let isFirst = true;
    // The event comes when the connection stands, before its settings are sent.
    db.primary.on("connect", () => {
      if (isFirst) proxy.pause();
      isFirst = false;
    });
    await expect(db.query("SELECT 1")).rejects.toMatchObject({ code: "UPSHIFT_CONNECT_TIMEOUT" });
    expect(db.totalCount).toBe(0);
    proxy.resume();
    expect((await db.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  });

  test("a close takes no longer than it was given and a cancel request", async () => {
    const { proxy, url } = await throughProxy();
    const db = open({ primary: url });
    await db.query("SELECT 1");
    proxy.pause();
    const hung = Promise.allSettled([db.query("SELECT 1")]);
    await db.close({ timeout: 10 });
    expect(await hung).toMatchObject([{ reason: { code: "UPSHIFT_POOL_CLOSED" } }]);
    expect(db.totalCount).toBe(0);
  });
});

describe("a silent connection", () => {
  test("is left alone while the server works on its statement", async () => {
    const db = open({ connectionTimeout: 1_000, hangTimeout: 100 });
    const { rows } = await db.query("SELECT pg_sleep(1.5), 1 AS one");
    expect(rows).toMatchObject([{ one: 1 }]);
    expect(db.failures).toEqual([]);
  });

  test("is closed when the server knows nothing of its statement", async () => {
    const { proxy, url } = await throughProxy();
    const db = open({ connectionTimeout: 1_000, hangTimeout: 300, primary: url });
    const client = await db.connect();
    const pid = await ownPid(client);
    proxy.forget();
    await expect(client.query("SELECT 1")).rejects.toMatchObject({
      code: "UPSHIFT_CONNECTION_HUNG",
      details: { reason: "forgotten" },
    });
    client.release();
    expect(await ownPid(db)).not.toBe(pid);
  });
});

describe("a network that breaks", () => {
  test("fails what is under way and nothing after it", async () => {
    const { proxy, url } = await throughProxy();
    const db = open({ primary: url, max: 3 });
    const sleeping = [1, 2, 3].map(() => db.query("SELECT pg_sleep(60)"));
    const failed = Promise.allSettled(sleeping);
    await until(() => db.gauges().idleCount === 0 && db.gauges().busyCount === 3);
    await until(() => proxy.connectionCount === 3);
    proxy.cut();
    expect((await failed).every(({ status }) => status === "rejected")).toBe(true);
    expect(db.gauges()).toMatchObject({ busyCount: 0, totalCount: 0 });
    expect((await db.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  });
});

test("a restart of the server costs the statements under way, and nothing else", async () => {
  const db = open({ max: 4 });
  const clients = await Promise.all([1, 2, 3, 4].map(() => db.connect()));
  for (const client of clients) client.release();
  const sleeping = Promise.allSettled([db.query("SELECT pg_sleep(60)")]);
  await until(() => db.gauges().busyCount === 1);
  await server.restart();
  expect(await sleeping).toMatchObject([{ status: "rejected" }]);
  await until(() => db.totalCount === 0);
  const { rows } = await db.query("SELECT 1 AS one");
  expect(rows).toEqual([{ one: 1 }]);
  expect(db.gauges()).toMatchObject({ busyCount: 0, totalCount: 1 });
  // Each connection's end was told once.
  expect(db.failures).toHaveLength(4);
});
