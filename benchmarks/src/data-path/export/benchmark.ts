import { exportRows, type ExportRowsOptions } from "@upshift/postgres";
import { startPostgres } from "@upshift/services";
import { Pool } from "pg";
import {
  atLeast,
  atMost,
  type Benchmark,
  type Claim,
  type Contestant,
  type Samples,
} from "../../harness/benchmark.ts";
import { CountingSink } from "./counting-sink.ts";
import { createExportedTable, EXPORT_SQL } from "./exported-table.ts";
import { byPsql, byQueryStream, csvLine, jsonLine, psqlVersion } from "./peers.ts";
import { peakMemory } from "./peak-memory.ts";

const NDJSON = "exportRows: NDJSON";
const ROW_TO_JSON = "exportRows: NDJSON of row_to_json";
const CURSOR = "exportRows: NDJSON by cursor";
const CSV = "exportRows: CSV";
const STREAM_NDJSON = "pg-query-stream + JSON.stringify";
const STREAM_CSV = "pg-query-stream + CSV in JavaScript";
const PSQL = "psql \\copy of row_to_json";

const ROWS = 500_000;
const QUICK_ROWS = 100_000;
const ROUNDS = 7;
const MEGABYTE = 1e6;

/** The whole of a table as a document, written to nowhere. */
export const benchmark: Benchmark = {
  name: "data-path/export",
  title: "A table of 6 columns as NDJSON and CSV",
  async prepare({ quick, signal, note }) {
    const rowCount = quick ? QUICK_ROWS : ROWS;
    const server = await startPostgres({ signal, settings: { shared_buffers: "512MB" } });
    const pool = new Pool({ connectionString: server.url(), max: 2 });
    const close = async (): Promise<void> => {
      await pool.end();
      await server.stop();
    };
    try {
      note(`making ${rowCount} rows`);
      await createExportedTable(pool, rowCount);
      const ndjsonMemory = await peakMemory(server.url(), "ndjson");
      const csvMemory = await peakMemory(server.url(), "csv");
      const hasPsql = (await psqlVersion()) !== undefined;
      if (!hasPsql) note("no psql on this machine: nothing to compare with it");

      const bytes = new Map<string, number>();
      /** What must have come: every peer writes the same bytes of its format. */
      const check =
        (format: string) =>
        (result: unknown): void => {
          const expected = bytes.get(format) ?? result;
          if (typeof result !== "number" || result === 0 || result !== expected)
            throw new Error(`${String(result)} bytes of ${format}, not ${String(expected)}`);
          bytes.set(format, result);
        };
      const bare = { onEnd: "none", header: false } as const;
      const toSink = async (options: ExportRowsOptions): Promise<number> =>
        (await exportRows(pool, { text: EXPORT_SQL }, new CountingSink(), { ...bare, ...options }))
          .sizeBytes;
      const contestants: [Contestant, ...Contestant[]] = [
        { label: NDJSON, run: () => toSink({ format: "ndjson" }), check: check("NDJSON") },
        {
          label: ROW_TO_JSON,
          run: () => toSink({ format: "ndjson", types: "postgres" }),
          check: check("row_to_json"),
        },
        {
          label: CURSOR,
          run: () => toSink({ format: "ndjson", mode: "cursor" }),
          check: check("NDJSON"),
        },
        { label: STREAM_NDJSON, run: () => byQueryStream(pool, jsonLine), check: check("NDJSON") },
        { label: CSV, run: () => toSink({ format: "csv" }), check: check("CSV") },
        { label: STREAM_CSV, run: () => byQueryStream(pool, csvLine), check: check("CSV") },
      ];
      if (hasPsql)
        contestants.push({
          label: PSQL,
          run: () => byPsql(server.url(), `SELECT row_to_json(q) FROM (${EXPORT_SQL}) AS q`),
          check(said) {
            if (said !== `COPY ${rowCount}`) throw new Error(`psql said ${String(said)}`);
          },
        });
      const memory = [ndjsonMemory, csvMemory].map(
        ({ baseBytes, peakBytes }) => (peakBytes - baseBytes) / MEGABYTE,
      );
      return {
        rounds: ROUNDS,
        contestants,
        claims: (samples) => claims(samples, { hasPsql, memory: Math.max(...memory) }),
        close,
      };
    } catch (error) {
      await close();
      throw error;
    }
  },
};

function claims(
  samples: Samples,
  { hasPsql, memory }: { readonly hasPsql: boolean; readonly memory: number },
): readonly Claim[] {
  const faster = (slow: string, fast: string): number => samples.ratio(slow, fast).median;
  const all = [
    atLeast(
      "NDJSON is at least 2.4 times as fast as pg-query-stream with JSON.stringify",
      2.4,
      faster(STREAM_NDJSON, NDJSON),
    ),
    atLeast(
      "CSV is at least 5.5 times as fast as pg-query-stream with CSV in JavaScript",
      5.5,
      faster(STREAM_CSV, CSV),
    ),
    atMost("an export over HTTP takes at most 30 MB above what the process had before", 30, memory),
  ];
  if (!hasPsql) return all;
  return [
    ...all,
    atLeast(
      "NDJSON is at least 0.85 times as fast as psql with row_to_json",
      0.85,
      faster(PSQL, NDJSON),
    ),
    atLeast(
      "NDJSON of row_to_json is at least 0.85 times as fast as psql with the same query",
      0.85,
      faster(PSQL, ROW_TO_JSON),
    ),
  ];
}
