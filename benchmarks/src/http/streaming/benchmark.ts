import { request } from "node:http";
import { startPostgres } from "@upshift/services";
import { Pool } from "pg";
import { createExportedTable } from "../../data-path/export/exported-table.ts";
import { atLeast, type Benchmark, type Contestant } from "../../harness/benchmark.ts";
import { startServerProcess } from "../server-process.ts";
import {
  EXPORT_ALONE,
  STREAM_EXPORT,
  STREAM_GENERATED,
  STREAM_ROWS,
  type Way,
  WAYS,
  WRITE_GENERATED,
  WRITE_ROWS,
} from "./ways.ts";

const ROWS = 200_000;
const QUICK_ROWS = 100_000;
const ROUNDS = 7;

/** What it costs to send a table as it is read, beside a loop with `response.write`. */
export const benchmark: Benchmark = {
  name: "http/streaming",
  title: "A table of 6 columns as NDJSON over HTTP to one client: ms, and CPU ms of the server",
  async prepare({ quick, signal, note }) {
    const rowCount = quick ? QUICK_ROWS : ROWS;
    const database = await startPostgres({ signal, settings: { shared_buffers: "512MB" } });
    const pool = new Pool({ connectionString: database.url(), max: 1 });
    try {
      note(`making ${rowCount} rows`);
      await createExportedTable(pool, rowCount);
      const script = new URL("./serve.js", import.meta.url);
      const server = await startServerProcess(script, [database.url()]);
      const contestantOf = (way: Way): Contestant => ({
        label: way.label,
        async run() {
          const url = new URL(way.path, server.url);
          const startMs = performance.now();
          const startCpuMs = await server.cpuMs();
          const answer = await read(url, way.accepts);
          const wallMs = performance.now() - startMs;
          return { ...answer, wallMs, cpuMs: (await server.cpuMs()) - startCpuMs };
        },
        check(result) {
          if (!isRead(result) || result.sizeBytes < rowCount)
            throw new Error(`${way.label} sent no table`);
          if (result.coding !== way.accepts) throw new Error(`${way.label} sent ${result.coding}`);
        },
        measured: (result) => (isRead(result) ? result : { wallMs: Number.NaN, cpuMs: Number.NaN }),
      });
      const [first, ...others] = WAYS;
      if (first === undefined) throw new Error("no contestant");
      return {
        rounds: ROUNDS,
        contestants: [contestantOf(first), ...others.map(contestantOf)],
        claims: (samples) => [
          atLeast(
            "rows by `stream` cost at most as much CPU as by a loop with `response.write`",
            1,
            samples.cpuRatio(WRITE_ROWS, STREAM_ROWS).median,
          ),
          atLeast(
            "what a generator makes does so too",
            1,
            samples.cpuRatio(WRITE_GENERATED, STREAM_GENERATED).median,
          ),
          atLeast(
            "an export through `stream` takes at most 1.5 times the time of one to the response",
            1 / 1.5,
            samples.ratio(EXPORT_ALONE, STREAM_EXPORT).median,
          ),
        ],
        async close() {
          server.stop();
          await pool.end();
          await database.stop();
        },
      };
    } catch (error) {
      await pool.end();
      await database.stop();
      throw error;
    }
  },
};

interface Read {
  readonly sizeBytes: number;
  readonly coding: string;
  readonly wallMs: number;
  readonly cpuMs: number;
}

function isRead(result: unknown): result is Read {
  return typeof result === "object" && result !== null && "coding" in result;
}

/** Bytes as they come: to decode them would be the client's work. */
function read(url: URL, accepts: string): Promise<Pick<Read, "sizeBytes" | "coding">> {
  return new Promise((resolve, reject) => {
    const headers = { "accept-encoding": accepts };
    const sent = request(url, { headers, agent: false }, (response) => {
      let sizeBytes = 0;
      response.on("data", (chunk: Buffer) => (sizeBytes += chunk.length));
      response.on("error", reject);
      response.on("end", () => {
        const { "content-encoding": coding = "identity" } = response.headers;
        resolve({ sizeBytes, coding });
      });
    });
    sent.on("error", reject);
    sent.end();
  });
}
