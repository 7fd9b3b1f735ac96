import { once } from "node:events";
import { createGunzip, gunzipSync } from "node:zlib";
import { exportRows, sql, streamRows } from "@upshift/postgres";
import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { Pool } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import {
  stream,
  type StreamResult,
  type StreamSource,
  type StreamToOptions,
} from "../../src/index.ts";
import { get, open, serve, type TestServer, until } from "../streaming/http-client.ts";

const DISCONNECTS = 100;

let database: TestDatabase;
let pool: Pool;
let server: TestServer | undefined;
let results: StreamResult[];
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => {
  pool = new Pool({ connectionString: database.url, max: 4 });
  results = [];
});
afterEach(async () => {
  await server?.close();
  await expectNoLeak();
  await pool.end();
});
afterAll(() => database.drop());

async function activeCount(): Promise<unknown> {
  const [row] = await database.query(
    "SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state IS DISTINCT FROM 'idle' AND backend_type = 'client backend'",
  );
  return row?.["n"];
}

/** Nothing of the pool is held, the server runs nothing, and the next query works. */
async function expectNoLeak(): Promise<void> {
  await until(() => pool.idleCount === pool.totalCount && pool.waitingCount === 0);
  await until(async () => (await activeCount()) === 0);
  expect((await pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
}

async function serveSource(source: StreamSource, options: StreamToOptions = {}): Promise<number> {
  server = await serve((_, response) => {
    void stream(response, source, options).then((result) => results.push(result));
  });
  return server.port;
}

const rowsOf = (query: ReturnType<typeof sql>): Record<string, StreamSource> => ({
  exportRows: (context, to) => exportRows(pool, query, to, context),
  streamRows: ({ signal }) => streamRows(pool, query, { signal }),
});

/** Rows of 1,000 bytes; nobody waits for the end of them. */
const endless = sql`SELECT generate_series(1, 1000000) AS n, repeat('x', 980) AS x`;

test("rows of a query come in every format, by exportRows and streamRows the same", async () => {
  const query = sql`SELECT n AS id, 'name ' || n AS name, 0.5::float8 AS half FROM generate_series(1, 3000) AS n`;
  const { rows } = await pool.query(
    "SELECT n AS id, 'name ' || n AS name, 0.5::float8 AS half FROM generate_series(1, 3000) AS n",
  );
  for (const source of Object.values(rowsOf(query))) {
    const port = await serveSource(source);
    const json = await get(port, { headers: { "accept-encoding": "gzip" } });
    expect(JSON.parse(gunzipSync(json.bytes).toString())).toEqual(rows);
    const ndjson = await get(port, { headers: { accept: "application/x-ndjson" } });
    expect(ndjson.body).toBe(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    const csv = await get(port, { headers: { accept: "text/csv" } });
    expect(csv.body).toBe(
      `id,name,half\r\n${rows.map(({ id, name, half }) => `${id},${name},${half}\r\n`).join("")}`,
    );
    await server?.close();
  }
  expect(results.every(({ isComplete }) => isComplete)).toBe(true);
});

test("a query that fails before its first row has a status, and one that fails later has no end", async () => {
  for (const source of Object.values(rowsOf(sql`SELECT 1 / 0 AS x`))) {
    const seen = await get(await serveSource(source));
    expect(seen).toMatchObject({
      status: 500,
      body: '{"title":"Internal Server Error","status":500}',
    });
    await server?.close();
  }
  const late = sql`SELECT 1 / (n - 150000) AS x FROM generate_series(1, 200000) AS n`;
  for (const source of Object.values(rowsOf(late))) {
    const seen = await get(await serveSource(source), { headers: { "accept-encoding": "br" } });
    expect(seen).toMatchObject({ status: 200, isWhole: false });
    await until(() => results.at(-1)?.isComplete === false);
    expect(results.at(-1)?.error).toMatchObject({ code: "22012" });
    await server?.close();
  }
});

test.each(["exportRows", "streamRows"])(
  "when its client goes the server stops a query of %s that has not given a row yet",
  async (name) => {
    const port = await serveSource(rowsOf(sql`SELECT pg_sleep(600)`)[name] ?? []);
    const request = open(port).catch(() => undefined);
    await until(async () => (await activeCount()) === 1);
    await server?.close();
    await request;
    await until(async () => (await activeCount()) === 0);
    await until(() => results.length === 1);
    expect(results).toMatchObject([{ error: { code: "UPSHIFT_RESPONSE_CLOSED" } }]);
  },
);

test.each(["exportRows", "streamRows"])(
  "rows of %s arrive compressed while the query still runs, and the server stops it when the client goes",
  async (name) => {
    const query = sql`SELECT repeat('x', 1000) AS x FROM generate_series(1, 500) UNION ALL SELECT pg_sleep(600)::text`;
    const port = await serveSource(rowsOf(query)[name] ?? [], { format: "ndjson" });
    const response = await open(port, { headers: { "accept-encoding": "gzip" } });
    response.on("error", () => undefined);
    const decoded = response.pipe(createGunzip());
    const [chunk] = (await once(decoded, "data")) as [Buffer];
    expect(chunk.toString()).toMatch(/^\{"x":"xxx/);
    expect(await activeCount()).toBe(1);
    response.destroy();
    await until(async () => (await activeCount()) === 0);
  },
);

test.each(["exportRows", "streamRows"])(
  "a client that does not read is waited for, and then the server stops the query of %s",
  async (name) => {
    const port = await serveSource(rowsOf(endless)[name] ?? [], { idleTimeout: 300 });
    const response = await open(port);
    response.on("error", () => undefined);
    response.pause();
    await until(() => results.length === 1);
    expect(results).toMatchObject([{ error: { code: "UPSHIFT_RESPONSE_IDLE" } }]);
    await until(async () => (await activeCount()) === 0);
    response.destroy();
  },
);

test.each([
  ["exportRows", "identity"],
  ["exportRows", "gzip"],
  ["streamRows", "identity"],
  ["streamRows", "br"],
])(`${DISCONNECTS} clients of %s (%s) that go leave nothing behind`, async (name, coding) => {
  const port = await serveSource(rowsOf(endless)[name] ?? []);
  const disconnect = async (): Promise<void> => {
    const response = await open(port, { headers: { "accept-encoding": coding } });
    response.on("error", () => undefined);
    await once(response, "data");
    response.destroy();
  };
  for (let i = 0; i < DISCONNECTS; i += 4) {
    await Promise.all([disconnect(), disconnect(), disconnect(), disconnect()]);
  }
  await until(() => results.length === DISCONNECTS);
  expect(results.filter(({ isComplete }) => isComplete)).toEqual([]);
  await until(async () => (await server?.connectionCount()) === 0);
  await expectNoLeak();
});
