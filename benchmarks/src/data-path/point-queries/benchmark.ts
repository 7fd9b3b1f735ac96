import { startPostgres, startTcpProxy } from "@upshift/services";
import { Client } from "pg";
import { atLeast, type Benchmark, type Contestant } from "../../harness/benchmark.ts";
import { createPointTable, roundKeys } from "./point-table.ts";
import { type Article, openWays, type Ways } from "./ways.ts";

const KEYS = 100;
/** In each direction: a round trip of 2 ms, as between two zones of one region. */
const DELAY_MS = 1;

const LOCAL = {
  sequential: "sequential await",
  sequentialNamed: "sequential await, named",
  pool: "Promise.all, pool of 10",
  poolNamed: "Promise.all, pool of 10, named",
  pipeline: "Promise.all, pg pipeline: true, named",
  postgresJs: "Promise.all, postgres.js",
  dataLoader: "DataLoader and = ANY",
  any: "hand-written = ANY",
  loader: "upshift loader",
  coalesced: "upshift coalesce",
} as const;

const REMOTE = {
  sequential: "2 ms: sequential await",
  poolNamed: "2 ms: Promise.all, pool of 10, named",
  pipeline: "2 ms: Promise.all, pg pipeline: true, named",
  postgresJs: "2 ms: Promise.all, postgres.js",
  dataLoader: "2 ms: DataLoader and = ANY",
  any: "2 ms: hand-written = ANY",
  coalesced: "2 ms: upshift coalesce",
} as const;

/** What a hundred look-ups by key cost, asked as programs ask, beside the same asked together. */
export const benchmark: Benchmark = {
  name: "data-path/point-queries",
  title: `${KEYS} rows by their keys: one by one, pipelined, coalesced`,
  async prepare({ quick, signal, note }) {
    const rowCount = quick ? 200_000 : 2_000_000;
    const server = await startPostgres({ signal, settings: { shared_buffers: "512MB" } });
    const proxy = await startTcpProxy({ port: server.port, delayMs: DELAY_MS });
    const opened: Ways[] = [];
    const close = async (): Promise<void> => {
      await Promise.all(opened.map((ways) => ways.close()));
      await proxy.stop();
      await server.stop();
    };
    try {
      note("loading the table");
      const client = new Client({ connectionString: server.url() });
      await client.connect();
      try {
        await createPointTable(client, rowCount);
      } finally {
        await client.end();
      }
      note("opening connections");
      const local = await openWays(server.url());
      opened.push(local);
      const remote = await openWays(throughProxy(server.url(), proxy.port));
      opened.push(remote);
      const contestant = (label: string, way: Ways[keyof typeof LOCAL]): Contestant => ({
        label,
        run: (round) => way(roundKeys(round, rowCount, KEYS)),
        check: (result, round) => assertArticles(result, roundKeys(round, rowCount, KEYS)),
      });
      const [first, ...others] = [
        contestant(LOCAL.sequential, local.sequential),
        contestant(LOCAL.sequentialNamed, local.sequentialNamed),
        contestant(LOCAL.pool, local.pool),
        contestant(LOCAL.poolNamed, local.poolNamed),
        contestant(LOCAL.pipeline, local.pipeline),
        contestant(LOCAL.postgresJs, local.postgresJs),
        contestant(LOCAL.dataLoader, local.dataLoader),
        contestant(LOCAL.any, local.any),
        contestant(LOCAL.loader, local.loader),
        contestant(LOCAL.coalesced, local.coalesced),
        contestant(REMOTE.sequential, remote.sequential),
        contestant(REMOTE.poolNamed, remote.poolNamed),
        contestant(REMOTE.pipeline, remote.pipeline),
        contestant(REMOTE.postgresJs, remote.postgresJs),
        contestant(REMOTE.dataLoader, remote.dataLoader),
        contestant(REMOTE.any, remote.any),
        contestant(REMOTE.coalesced, remote.coalesced),
      ] as const;
      // The first turns open connections, prepare statements and settle on plans: the server plans a prepared statement anew five times on each connection.
      note("warming up");
      for (let round = 0; round < 12; round += 1) {
        for (const way of [first, ...others]) {
          signal.throwIfAborted();
          await way.run(round);
        }
      }
      return {
        contestants: [first, ...others],
        claims: (samples) => [
          atLeast(
            "100 point queries coalesced are at least 10 times as fast as awaited one by one",
            10,
            samples.ratio(LOCAL.sequential, LOCAL.coalesced).low,
          ),
          atLeast(
            "and at least 1.3 times as fast as through pg's pipeline mode",
            1.3,
            samples.ratio(LOCAL.pipeline, LOCAL.coalesced).low,
          ),
          atLeast(
            "with a round trip of 2 ms at least 45 times as fast as awaited one by one",
            45,
            samples.ratio(REMOTE.sequential, REMOTE.coalesced).low,
          ),
        ],
        close,
      };
    } catch (error) {
      await close();
      throw error;
    }
  },
};

function throughProxy(url: string, port: number): string {
  const changed = new URL(url);
  changed.port = String(port);
  return changed.href;
}

function assertArticles(result: unknown, keys: readonly number[]): void {
  const isRight =
    Array.isArray(result) &&
    result.length === keys.length &&
    result.every((article: Article | undefined, index) => article?.id === keys[index]);
  if (!isRight) throw new Error("not the articles that were asked for");
}
