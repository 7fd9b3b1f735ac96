import { createHash } from "node:crypto";
import { EventEmitter, once } from "node:events";
import type { ServerResponse } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, connect } from "node:net";
import { PassThrough, Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { createGzip, gunzipSync } from "node:zlib";
import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { Client, Pool } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type ExportResult,
  exportRows,
  type ExportRowsOptions,
  sql,
  type StreamQuery,
} from "../../src/index.ts";
import { Collector } from "../stream/collect.ts";
import { usedBytes } from "../used-bytes.ts";
import { type ExportServer, open, read, type Seen, serve } from "../stream/http-export.ts";
import { expectNoLeak, sleepingBackend, until } from "../stream/no-leak.ts";

const IS_FULL = process.env["UPSHIFT_TEST_SCALE"] === "full";
const MODES = ["copy", "cursor"] as const;

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.query(`
    CREATE TABLE item (id int PRIMARY KEY, name text, price numeric, at timestamptz);
    INSERT INTO item SELECT n, 'item "' || n || '"', n / 100.0, '2026-01-01 00:00:00.1239+00'::timestamptz + n * interval '1 s' FROM generate_series(1, 2000) n`);
});
beforeEach(() => {
  pool = new Pool({ connectionString: database.url, max: 2 });
});
afterEach(async () => {
  await expectNoLeak(pool, database);
  await pool.end();
});
afterAll(() => database.drop());

/** Rows of 1,000 bytes. */
const wide = (count: number) =>
  sql`SELECT n, repeat('x', 980) AS x FROM generate_series(1, ${count}::int) AS n`;

/** Answers one request with an export and tells how it ended. */
async function exportOverHttp(
  query: StreamQuery,
  options: ExportRowsOptions,
  client: (server: ExportServer, response: Promise<ServerResponse>) => Promise<void>,
): Promise<ExportResult> {
  const begun = new EventEmitter();
  const response = once(begun, "response").then(([first]) => first as ServerResponse);
  const result = once(begun, "result").then(([first]) => first as Promise<ExportResult>);
  const server = await serve((res) => {
    begun.emit("response", res);
    const exported = exportRows(pool, query, res, options);
    exported.catch(() => {
      if (res.headersSent) return;
      res.statusCode = 422;
      res.end("no rows");
    });
    begun.emit("result", exported);
  });
  try {
    await Promise.all([client(server, response), result.catch(() => undefined)]);
    return await result;
  } finally {
    await server.close();
  }
}

async function seenBy(
  query: StreamQuery,
  options: ExportRowsOptions,
): Promise<{ seen: Seen; result: ExportResult | Error }> {
  let seen: Seen | undefined;
  const result = await exportOverHttp(query, options, async ({ port }) => {
    seen = await read(await open(port));
  }).catch((error: Error) => error);
  if (seen === undefined) throw new Error("no response");
  return { seen, result };
}

describe("over HTTP", () => {
  test("the first example of the page on streaming", async () => {
    const minimum = 1_990;
    const query = sql`SELECT id, name, price, at FROM item WHERE id > ${minimum} ORDER BY id`;
    const { seen, result } = await seenBy(query, { format: "ndjson" });
    const { rows } = await pool.query(
      "SELECT id, name, price, at FROM item WHERE id > 1990 ORDER BY id",
    );
    expect(seen).toMatchObject({
      status: 200,
      isWhole: true,
      body: `${rows.map((row) => `${JSON.stringify(row)}\n`).join("")}{"$end":true,"rows":10}\n`,
    });
    expect(seen.headers).toMatchObject({
      "content-type": "application/x-ndjson; charset=utf-8",
      "transfer-encoding": "chunked",
    });
    expect(result).toEqual({ rowCount: 10, sizeBytes: Buffer.byteLength(seen.body) });
  });

  test("a type that the caller has set stays, and a trailer tells the rows where it is asked for", async () => {
    const server = await serve((response) => {
      response.setHeader("content-type", "text/plain");
      void exportRows(pool, sql`SELECT 1 AS one`, response, {
        format: "csv",
        rowCountTrailer: "X-Row-Count",
      });
    });
    const seen = await read(await open(server.port));
    await server.close();
    expect(seen.headers).toMatchObject({ "content-type": "text/plain", trailer: "X-Row-Count" });
    expect(seen).toMatchObject({ body: "one\r\n1\r\n", trailers: { "x-row-count": "1" } });
  });

  test.each(MODES)(
    "by %s a query that fails before its first row is an answer of the caller's",
    async (mode) => {
      for (const text of ["SELECT 1 / 0", "SELECT nothing", "SELECT 'x'::int", "SELECT spoilt("]) {
        for (const format of ["ndjson", "json", "csv"] as const) {
          const { seen, result } = await seenBy({ text }, { format, mode });
          expect(seen).toMatchObject({ status: 422, body: "no rows" });
          expect(seen.headers["content-type"]).toBe(undefined);
          expect(result).toMatchObject({ code: expect.stringMatching(/^(22|42)/) });
        }
      }
    },
  );

  test.each(MODES)("by %s a query that fails later breaks the response off", async (mode) => {
    const query = sql`SELECT 1 / (n - 150000) AS x FROM generate_series(1, 200000) AS n`;
    for (const format of ["ndjson", "json", "csv"] as const) {
      const { seen, result } = await seenBy(query, { format, mode });
      expect(result).toMatchObject({ code: "22012" });
      expect(seen).toMatchObject({ status: 200, isWhole: false });
      expect(seen.body).not.toContain("$end");
      expect(() => void JSON.parse(seen.body)).toThrow(SyntaxError);
    }
  });

  test("large results arrive whole, at the pace of a slow reader and with little waiting in memory", async () => {
    let mostWaiting = 0;
    let hash = "";
    const result = await exportOverHttp(
      wide(20_000),
      { format: "ndjson" },
      async ({ port }, response) => {
        const message = await open(port);
        const destination = await response;
        const digest = createHash("sha256");
        let chunks = 0;
        for await (const chunk of message) {
          digest.update(chunk);
          mostWaiting = Math.max(mostWaiting, destination.writableLength);
          chunks += 1;
          if (chunks % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
        }
        hash = digest.digest("hex");
      },
    );
    const expected = createHash("sha256");
    for (let n = 1; n <= 20_000; n++) expected.update(`{"n":${n},"x":"${"x".repeat(980)}"}\n`);
    expected.update('{"$end":true,"rows":20000}\n');
    expect(hash).toBe(expected.digest("hex"));
    expect(result.rowCount).toBe(20_000);
    expect(mostWaiting).toBeLessThan(1_000_000);
  }, 60_000);
});

/** Answers one request over HTTP/2 and tells what the client saw: the body and the trailers, or an error. */
async function overHttp2(query: StreamQuery, format: ExportRowsOptions["format"]) {
  const server = createHttp2Server((_, response) => {
    const options = { format, rowCountTrailer: "x-row-count" };
    exportRows(pool, query, response, options).catch(() => undefined);
  });
  server.listen(0);
  await once(server, "listening");
  const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const stream = session.request({ ":path": "/" });
  let trailers: unknown;
  stream.on("trailers", (fields: Record<string, unknown>) => (trailers = fields["x-row-count"]));
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return { body: Buffer.concat(chunks).toString(), trailers };
  } finally {
    session.destroy();
    server.close();
  }
}

describe("over HTTP/2 and compressed", () => {
  test("a whole export is whole, one that fails later is an error of the client", async () => {
    expect(await overHttp2(sql`SELECT 1 AS one`, "csv")).toEqual({
      body: "one\r\n1\r\n",
      trailers: "1",
    });
    const failing = sql`SELECT 1 / (n - 150000) AS x FROM generate_series(1, 200000) AS n`;
    await expect(overHttp2(failing, "csv")).rejects.toMatchObject({
      code: "ERR_HTTP2_STREAM_ERROR",
    });
  });

  test("through gzip it is the same, and an error reaches both ends", async () => {
    const zipped = new PassThrough();
    const gzip = createGzip();
    const [result, bytes] = await Promise.all([
      exportRows(pool, wide(2_000), gzip, { format: "ndjson" }),
      buffer(zipped),
      pipeline(gzip, zipped),
    ]);
    expect(gunzipSync(bytes)).toHaveLength(result.sizeBytes);

    const broken = createGzip();
    const outcomes = await Promise.allSettled([
      exportRows(pool, sql`SELECT 1 / 0`, broken, { format: "ndjson" }),
      pipeline(broken, new PassThrough().resume()),
    ]);
    const failed = { status: "rejected", reason: expect.objectContaining({ code: "22012" }) };
    expect(outcomes).toEqual([failed, failed]);
  });
});

describe("the client goes away", () => {
  test.each(MODES)("by %s before the first byte", async (mode) => {
    const query = { text: "SELECT pg_sleep(600)" };
    const result = exportOverHttp(query, { format: "json", mode }, async ({ port }) => {
      const socket = connect(port, "127.0.0.1");
      socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
      await sleepingBackend(database);
      socket.destroy();
    });
    await expect(result).rejects.toMatchObject({ code: "UPSHIFT_DESTINATION_CLOSED" });
  });

  test.each(MODES)(
    "by %s after a megabyte",
    async (mode) => {
      for (const pace of ["fast", "unread"]) {
        const result = exportOverHttp(
          wide(200_000),
          { format: "ndjson", mode },
          async ({ port }) => {
            const message = await open(port);
            let sizeBytes = 0;
            for await (const chunk of message) {
              sizeBytes += chunk.length;
              if (sizeBytes > 1_000_000) break;
            }
            if (pace === "fast") message.destroy();
            else message.socket.destroy();
          },
        );
        await expect(result).rejects.toMatchObject({ code: "UPSHIFT_DESTINATION_CLOSED" });
        await expectNoLeak(pool, database);
      }
    },
    60_000,
  );

  test("while it reads nothing", async () => {
    const result = exportOverHttp(wide(200_000), { format: "csv" }, async ({ port }, response) => {
      const message = await open(port);
      message.on("error", () => undefined);
      const destination = await response;
      await until(() => destination.writableNeedDrain);
      message.destroy();
    });
    await expect(result).rejects.toMatchObject({ code: "UPSHIFT_DESTINATION_CLOSED" });
  });

  test("at the end, when all rows were read, the connection has gone back and the rest is not yet sent", async () => {
    const destination = new PassThrough();
    const result = exportRows(pool, wide(40), destination, { format: "ndjson" });
    const goAway = async () => {
      await until(() => destination.writableEnded);
      expect(pool.idleCount).toBe(1);
      destination.destroy();
    };
    const closed = { code: "UPSHIFT_DESTINATION_CLOSED" };
    await Promise.all([expect(result).rejects.toMatchObject(closed), goAway()]);
  });

  test("a reader that stops is given up", async () => {
    const result = exportOverHttp(
      wide(200_000),
      { format: "ndjson", idleTimeout: 100 },
      async ({ port }) => {
        const message = await open(port);
        message.on("error", () => undefined);
        await until(() => pool.idleCount === pool.totalCount);
        const seen = await read(message);
        expect(seen.isWhole).toBe(false);
      },
    );
    await expect(result).rejects.toMatchObject({ code: "UPSHIFT_STREAM_IDLE" });
  });
});

/** Fails with its n-th chunk. */
const failing = (count: number, error: Error): Writable => {
  let left = count;
  return new Writable({
    write(_chunk, _encoding, callback) {
      left -= 1;
      setImmediate(callback, left <= 0 ? error : null);
    },
  });
};

describe("the destination fails", () => {
  test.each(MODES)("by %s with a chunk, the first or a later one", async (mode) => {
    for (const count of [1, 2, 10]) {
      const error = new Error("disk full");
      const destination = failing(count, error);
      await expect(
        exportRows(pool, wide(50_000), destination, { format: "json", mode }),
      ).rejects.toBe(error);
      expect(destination.destroyed).toBe(true);
      await expectNoLeak(pool, database);
    }
  });

  test("at its end", async () => {
    const error = new Error("disk full");
    const destination = new Writable({
      write: (_chunk, _encoding, callback) => callback(),
      final: (callback) => callback(error),
    });
    await expect(exportRows(pool, wide(10), destination, { format: "json" })).rejects.toBe(error);
  });

  test("by throwing as it is written to", async () => {
    const error = new Error("thrown");
    const destination = new Writable({
      write() {
        throw error;
      },
    });
    await expect(exportRows(pool, wide(2_000), destination, { format: "json" })).rejects.toBe(
      error,
    );
  });

  test("before anything is acquired, when it is closed or ended already", async () => {
    const closed = new PassThrough().destroy();
    await expect(exportRows(pool, wide(1), closed, { format: "json" })).rejects.toMatchObject({
      code: "UPSHIFT_DESTINATION_CLOSED",
    });
    const ended = new PassThrough().end();
    await expect(exportRows(pool, wide(1), ended, { format: "json" })).rejects.toMatchObject({
      code: "UPSHIFT_INVALID_ARGUMENT",
    });
    expect(pool.totalCount).toBe(0);
  });

  test("any stream but a response is destroyed with the error of the query", async () => {
    const destination = new PassThrough();
    const error = once(destination, "error");
    await expect(
      exportRows(pool, sql`SELECT 1 / 0`, destination, { format: "json" }),
    ).rejects.toMatchObject({ code: "22012" });
    expect(await error).toMatchObject([{ code: "22012" }]);
  });
});

describe("the server fails", () => {
  test.each(MODES)(
    "by %s when the backend is killed while it works on the first row",
    async (mode) => {
      const result = seenBy({ text: "SELECT pg_sleep(600)" }, { format: "json", mode });
      await database.query("SELECT pg_terminate_backend($1)", [await sleepingBackend(database)]);
      expect(await result).toMatchObject({
        seen: { status: 422 },
        result: { message: expect.stringMatching(/terminat/) },
      });
    },
  );

  test.each(MODES)("by %s when the backend is killed in the middle of the rows", async (mode) => {
    const query = sql`SELECT n, repeat('x', 980) AS x, pg_backend_pid() AS pid FROM generate_series(1, 200000) AS n`;
    const destination = new PassThrough();
    const result = exportRows(pool, query, destination, { format: "ndjson", mode });
    const kill = async () => {
      const [first] = await once(destination, "data");
      destination.pause();
      const pid = /"pid":(\d+)/.exec(String(first))?.[1];
      await database.query("SELECT pg_terminate_backend($1)", [pid]);
      // What is under way already is taken first.
      destination.resume();
    };
    await Promise.all([expect(result).rejects.toThrow(/terminat|not queryable/), kill()]);
    expect(destination.destroyed).toBe(true);
  });
});

describe("limits", () => {
  test.each(MODES)(
    "by %s an export ends when its time is over, whatever it waits for",
    async (mode) => {
      const options = { format: "json", mode, timeout: 60 } as const;
      const timedOut = { code: "UPSHIFT_STREAM_TIMEOUT" };
      await expect(
        exportRows(pool, { text: "SELECT pg_sleep(600)" }, new Collector(), options),
      ).rejects.toMatchObject(timedOut);
      const unread = new PassThrough();
      await expect(exportRows(pool, wide(50_000), unread, options)).rejects.toMatchObject(timedOut);
      const held = await Promise.all([pool.connect(), pool.connect()]);
      await expect(exportRows(pool, wide(1), new Collector(), options)).rejects.toMatchObject(
        timedOut,
      );
      for (const client of held) client.release();
    },
  );

  test.each(MODES)("by %s limits of the session do not end it early", async (mode) => {
    const strict = new Pool({
      connectionString: database.url,
      statement_timeout: 1_000,
      idle_in_transaction_session_timeout: 100,
      query_timeout: 1_500,
      max: 2,
    });
    let chunks = 0;
    const slow = new Writable({
      write(_chunk, _encoding, callback) {
        chunks += 1;
        setTimeout(callback, 80);
      },
    });
    const { rowCount } = await exportRows(strict, wide(2_000), slow, { format: "ndjson", mode });
    expect(rowCount).toBe(2_000);
    expect(chunks).toBeGreaterThan(15);
    await expectNoLeak(strict, database);
    await strict.end();
  });

  test("half of the pool's connections stay free for others; exports that wait may be aborted", async () => {
    const wider = new Pool({ connectionString: database.url, max: 5 });
    const unread = Array.from({ length: 4 }, () => new PassThrough());
    const abort = new AbortController();
    const exports = unread.map((destination, index) =>
      exportRows(
        wider,
        wide(5_000),
        destination,
        index === 2 ? { format: "csv", signal: abort.signal } : { format: "csv" },
      ),
    );
    await until(
      () => unread[1]?.writableNeedDrain === true && unread[0]?.writableNeedDrain === true,
    );
    expect(wider.totalCount).toBe(2);
    expect(unread[3]?.writableLength).toBe(0);
    abort.abort(new Error("enough"));
    await expect(exports[2]).rejects.toThrow("enough");
    for (const destination of unread) destination.resume();
    const counts = await Promise.all([exports[0], exports[1], exports[3]]);
    expect(counts.map((result) => result?.rowCount)).toEqual([5_000, 5_000, 5_000]);
    expect(wider.totalCount).toBe(2);
    await wider.end();
  });

  test("a place is given back by exports that fail", async () => {
    for (let index = 0; index < 5; index++) {
      await expect(
        exportRows(pool, sql`SELECT 1 / 0`, new Collector(), { format: "csv" }),
      ).rejects.toThrow("division");
    }
    expect((await exportRows(pool, wide(1), new Collector(), { format: "csv" })).rowCount).toBe(1);
  });
});

describe("an abort", () => {
  const reason = new Error("enough");

  test("before the start acquires nothing", async () => {
    const signal = AbortSignal.abort(reason);
    await expect(
      exportRows(pool, wide(1), new Collector(), { format: "json", signal }),
    ).rejects.toBe(reason);
    expect(pool.totalCount).toBe(0);
  });

  test.each(MODES)(
    "by %s after any statement and in the middle of the rows leaves nothing behind",
    async (mode) => {
      for (let statement = 1; statement <= 5; statement++) {
        const abort = new AbortController();
        let count = 0;
        pool.once("acquire", (client) => {
          const query = client.query.bind(client) as (...args: unknown[]) => unknown;
          Object.assign(client, {
            query(...args: unknown[]) {
              const result = query(...args);
              count += 1;
              if (count === statement) abort.abort(reason);
              return result;
            },
          });
        });
        const destination = new Collector();
        const result = exportRows(
          pool,
          sql`SELECT n FROM generate_series(1, ${200_000}::int) AS n`,
          destination,
          { format: "json", mode, signal: abort.signal },
        );
        await expect(result).rejects.toBe(reason);
        await until(() => pool.idleCount === pool.totalCount);
        expect(pool.totalCount).toBe(0);
      }
      const abort = new AbortController();
      const destination = new Writable({
        write(_chunk, _encoding, callback) {
          abort.abort(reason);
          callback();
        },
      });
      await expect(
        exportRows(pool, wide(50_000), destination, { format: "json", mode, signal: abort.signal }),
      ).rejects.toBe(reason);
      expect(destination.destroyed).toBe(true);
    },
  );
});

describe("a connection of the caller", () => {
  test.each(MODES)(
    "by %s exports what its transaction wrote, and stays usable after any end",
    async (mode) => {
      const client = new Client({ connectionString: database.url });
      await client.connect();
      await client.query(
        "BEGIN; CREATE TABLE mine (n int); INSERT INTO mine SELECT generate_series(1, 100000)",
      );
      const query = sql`SELECT n FROM mine WHERE n > ${99_997} ORDER BY n`;
      const collector = new Collector();
      await exportRows(client, query, collector, { format: "json", onEnd: "none", mode });
      expect(collector.text).toBe('[{"n":99998},{"n":99999},{"n":100000}]');
      await expect(
        exportRows(client, sql`SELECT 1 / n FROM generate_series(0, 1) n`, new Collector(), {
          format: "csv",
          mode,
        }),
      ).rejects.toThrow("division");
      const abort = new AbortController();
      const stopping = new Writable({
        write(_chunk, _encoding, callback) {
          abort.abort(new Error("enough"));
          setImmediate(callback);
        },
      });
      await expect(
        exportRows(client, sql`SELECT * FROM mine`, stopping, {
          format: "csv",
          mode,
          signal: abort.signal,
        }),
      ).rejects.toThrow("enough");
      await client.query("INSERT INTO mine VALUES (0)");
      expect((await client.query("SELECT count(*)::int AS n FROM mine")).rows).toEqual([
        { n: 100_001 },
      ]);
      await client.query("ROLLBACK");
      await client.end();
    },
  );
});

describe("parameters", () => {
  const hostile = [
    "'; DROP TABLE item; --",
    "\\'; SELECT 1 --",
    "$1 $$ $tag$",
    "%s %I",
    "a\nb\tc\\N\\.",
    '"é😀"',
    "",
    "x".repeat(100_000),
    "' || (SELECT current_setting('upshift.p1')) || '",
  ];

  test.each(MODES)("by %s reach the query as they are, whatever is in them", async (mode) => {
    for (const value of hostile) {
      const query = {
        text: `SELECT $1 AS a, $1 || '$1' || E'\\'$1' || $$ $1 $$ || $t$ $1 $t$ AS "$1", /* $1 /* $2 */ $3 */ length($1) AS n, $2::text IS NULL AS x -- $4`,
        values: [value, null],
      };
      const collector = new Collector();
      await exportRows(pool, query, collector, { format: "json", onEnd: "none", mode });
      expect(collector.text).toBe(
        JSON.stringify((await pool.query({ ...query, name: undefined })).rows),
      );
    }
    expect((await pool.query("SELECT count(*)::int AS n FROM item")).rows).toEqual([{ n: 2_000 }]);
  });

  test.each(MODES)("by %s have the types that the query gives them", async (mode) => {
    const long = Array.from({ length: 500 }, (_, index) => index * 4);
    const cases: [string, unknown[]][] = [
      ["SELECT id FROM item WHERE id = ANY($1) ORDER BY 1", [long]],
      [
        "SELECT id FROM item WHERE id = ANY($1) AND name IN ($2, $3) ORDER BY 1 LIMIT $4 OFFSET $5",
        [long, 'item "4"', 'item "8"', 5, 1],
      ],
      [
        "SELECT date_trunc($1, at) AS d, count(*) FROM item GROUP BY date_trunc($1, at)",
        ["minute"],
      ],
      [
        "SELECT coalesce(name, $1) AS c FROM item WHERE id < 4 GROUP BY coalesce(name, $1) ORDER BY 1",
        ["y".repeat(500)],
      ],
      [
        "SELECT id FROM item WHERE at BETWEEN $1 AND $2 ORDER BY id",
        [new Date("2026-01-01T00:00:10.123Z"), "2026-01-01 00:00:14+00"],
      ],
      ["SELECT id FROM item WHERE price = $1", [12.34]],
      [
        "SELECT $1::char(5) || '|' AS c, $2::\"char\" AS h, $3::varchar(2) AS v, $4::bit(3) AS b, $5::numeric(5,1) AS n",
        ["ab", "x", "yz", "101", "1.25"],
      ],
      ["SELECT 'ab   '::char(5) = $1 AS eq", ["ab"]],
      [
        "SELECT $1::jsonb -> $2 AS j, $3::bytea AS b, $4::bool AS t, $5::interval AS i, $6::uuid AS u",
        [
          { a: [1, "'"] },
          "a",
          Buffer.from([0, 39, 92, 255]),
          true,
          "1 day",
          "00000000-0000-0000-0000-000000000001",
        ],
      ],
      [
        "SELECT $1::text[] AS t, $2::int[][] AS n, ($3::int[])[1] AS f",
        [
          ["a,b", null, '"', "\\", ""],
          [
            [1, 2],
            [3, 4],
          ],
          [7, 8],
        ],
      ],
      ["SELECT $1::int8 + 1 AS big, $2 + 1.5::float8 AS f, -$1 AS neg", [2n ** 60n, Number.NaN]],
      [
        "SELECT extract(year FROM $1::timestamp) AS y, $1 AT TIME ZONE $2 AS z",
        ["2026-06-01 12:00", "Europe/Berlin"],
      ],
      ["SELECT $2::int AS b, $1::int AS a, $2 AS b2 WHERE $3::int IS NULL OR $3 > 1", [1, 2, null]],
      [
        "WITH w AS (SELECT $1::int AS n) SELECT n, x.* FROM w, LATERAL (VALUES ($2::text), (NULL)) AS x(v)",
        [1, "v"],
      ],
      ["VALUES ($1::int, $2), (3, 'b')", [1, "a"]],
      ["(SELECT id FROM item WHERE id <= $1 ORDER BY id DESC) ;", [2]],
      ["TABLE item LIMIT $1", [1]],
    ];
    for (const [text, values] of cases) {
      const collector = new Collector();
      await exportRows(pool, { text, values }, collector, { format: "json", onEnd: "none", mode });
      const { rows } = await pool.query(text, values);
      expect(collector.text, text).toBe(JSON.stringify(rows));
    }
  });

  test("a filter on a long array does not read it for each row", async () => {
    const collector = new Collector();
    const long = Array.from({ length: 20_000 }, (_, index) => -index);
    const query = sql`SELECT n FROM generate_series(1, 300) AS n WHERE n = ANY(${long})`;
    await exportRows(pool, query, collector, { format: "json", onEnd: "none", timeout: "20s" });
    expect(collector.text).toBe("[]");
  });
});

describe("CSV for spreadsheets", () => {
  test.each(MODES)(
    "by %s what may be a formula gets a quote before it, numbers do not",
    async (mode) => {
      const cells: [string, string][] = [
        ["=1+1", `"'=1+1"`],
        ["+cmd|' /C calc'!A0", `"'+cmd|' /C calc'!A0"`],
        ["-2+3", `"'-2+3"`],
        ["@SUM(A1)", `"'@SUM(A1)"`],
        ["\t=1", `"'\t=1"`],
        ["\r=1", `"'\r=1"`],
        [" =1", `"' =1"`],
        ['"=1', `"'""=1"`],
        ["'=1", `"''=1"`],
        ["＝1", `"'＝1"`],
        ["\u00a0=1", `"'\u00a0=1"`],
        ["-12.50", "-12.50"],
        ["+491701234567", "+491701234567"],
        ["-1e-5", "-1e-5"],
        ["-€5.00", "-€5.00"],
        ["a=1", "a=1"],
        ["é", "é"],
      ];
      const collector = new Collector();
      await exportRows(
        pool,
        sql`SELECT v AS "=v", -1 AS i, -1.5::float8 AS f, -2::int8 AS b, -3.1 AS n FROM unnest(${cells.map(([text]) => text)}::text[]) WITH ORDINALITY AS u(v, o) ORDER BY o`,
        collector,
        { format: "csv", formulaGuard: true, mode },
      );
      const lines = [`"'=v",i,f,b,n`, ...cells.map(([, cell]) => `${cell},-1,-1.5,-2,-3.1`)];
      expect(collector.text).toBe(lines.map((line) => `${line}\r\n`).join(""));
    },
  );
});

test("a destination that is to go on is not ended", async () => {
  const destination = new Collector();
  for (const n of [1, 2]) {
    await exportRows(pool, sql`SELECT ${n}::int AS n`, destination, {
      format: "ndjson",
      onEnd: "none",
      end: false,
    });
  }
  expect(destination.writableEnded).toBe(false);
  expect(destination.text).toBe('{"n":1}\n{"n":2}\n');
  expect(
    destination.listenerCount("close") +
      destination.listenerCount("drain") +
      destination.listenerCount("error"),
  ).toBe(0);
});

test.each([
  [{ format: "xml" }],
  [{ format: "csv", mode: "fast" }],
  [{ format: "csv", types: "ruby" }],
  [{ format: "csv", types: null }],
  [{ format: "csv", onEnd: "x" }],
  [{ format: "csv", timeout: "soon" }],
  [{ format: "csv", idleTimeout: 0 }],
  [{ format: "csv", maxConcurrent: 0 }],
  [{ format: "csv", rowCountTrailer: "a b\r\nc" }],
])("%j cannot work and is told before anything is acquired", async (options) => {
  const destination = new PassThrough();
  await expect(
    exportRows(pool, wide(1), destination, options as unknown as ExportRowsOptions),
  ).rejects.toMatchObject({ code: "UPSHIFT_INVALID_ARGUMENT" });
  expect(destination.destroyed).toBe(false);
  expect(pool.totalCount).toBe(0);
});

test("nothing can be written", async () => {
  await pool.query(
    "CREATE OR REPLACE FUNCTION spoil() RETURNS int LANGUAGE sql AS 'DELETE FROM item RETURNING id'",
  );
  for (const text of [
    "SELECT spoil()",
    "WITH gone AS (DELETE FROM item RETURNING id) SELECT * FROM gone",
  ]) {
    for (const mode of MODES) {
      await expect(
        exportRows(pool, { text }, new Collector(), { format: "csv", mode }),
      ).rejects.toMatchObject({ code: expect.stringMatching(/25006|0A000|42601/) });
    }
  }
  expect((await pool.query("SELECT count(*)::int AS n FROM item")).rows).toEqual([{ n: 2_000 }]);
});

test("a thousand exports, every other one broken off, take no memory with them", async () => {
  const signal = new AbortController().signal;
  const run = async (index: number): Promise<void> => {
    const isBroken = index % 2 === 0;
    const destination = new PassThrough();
    const result = exportRows(pool, wide(200), destination, {
      format: "ndjson",
      signal,
      mode: index % 4 < 2 ? "copy" : "cursor",
    });
    const outcome = result.then(
      () => "whole",
      (error: unknown) => error,
    );
    if (isBroken) {
      await Promise.race([once(destination, "readable"), outcome]);
      destination.destroy();
    } else {
      destination.resume();
    }
    const expected = expect.objectContaining({ code: "UPSHIFT_DESTINATION_CLOSED" });
    expect(await outcome).toEqual(isBroken ? expected : "whole");
  };
  for (let index = 0; index < 50; index++) await run(index);
  const before = usedBytes();
  const runs = IS_FULL ? 1_000 : 50;
  for (let index = 0; index < runs; index++) await run(index);
  expect(usedBytes() - before).toBeLessThan(3_000_000);
  await until(() => pool.idleCount === pool.totalCount);
}, 300_000);
