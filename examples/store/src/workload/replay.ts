import { Client } from "pg";
import { median } from "../median.ts";
import { storeSize } from "../store-size.ts";
import { createDraws } from "./draws.ts";
import type { StoreQuery } from "./store-query.ts";
import { storeWorkload } from "./store-workload.ts";

export interface QueryTiming {
  readonly name: string;
  readonly text: string;
  readonly calls: number;
  /** Rows that all calls returned or changed together: equal in two replays of the same data. */
  readonly rows: number;
  /** Half of the calls took no longer, from sending to the last row. */
  readonly p50Ms: number;
  readonly totalMs: number;
}

export interface ReplayOptions {
  /** Scale with which the store was loaded; default 1. */
  readonly scale?: number;
  /** Share of each query's calls that are made, at least one; default 1. */
  readonly callsRatio?: number;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  readonly signal?: AbortSignal;
}

const SEED = 20_260_701;

/**
 * Plays the workload on one connection: the same calls with the same parameters in the same shuffled order every time.
 *
 * @returns one timing per query, in the order of the workload
 * @throws the reason of `signal`
 */
export async function replay(
  url: string,
  options: ReplayOptions = {},
): Promise<readonly QueryTiming[]> {
  const { signal } = options;
  signal?.throwIfAborted();
  const calls = drawCalls(options);
  const seen = new Map(
    storeWorkload.map((query) => [query.name, { timesMs: new Array<number>(), rows: 0 }]),
  );
  const client = new Client({ connectionString: url, application_name: "store" });
  client.on("error", () => {});
  const cut = (): void => void client.end().catch(() => {});
  signal?.addEventListener("abort", cut, { once: true });
  try {
    await client.connect();
    for (const [index, { query, values }] of calls.entries()) {
      const record = seen.get(query.name);
      if (query.writes) await client.query("BEGIN");
      const startMs = performance.now();
      const { rowCount } = await client.query(query.text, [...values]);
      record?.timesMs.push(performance.now() - startMs);
      if (record !== undefined) record.rows += rowCount ?? 0;
      if (query.writes) await client.query("ROLLBACK");
      options.onProgress?.({ done: index + 1, total: calls.length });
      signal?.throwIfAborted();
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", cut);
    await client.end().catch(() => {});
  }
  return storeWorkload.map(({ name, text }) => {
    const { timesMs, rows } = seen.get(name) ?? { timesMs: [], rows: 0 };
    const totalMs = timesMs.reduce((sum, ms) => sum + ms, 0);
    return { name, text, calls: timesMs.length, rows, p50Ms: median(timesMs), totalMs };
  });
}

interface Call {
  readonly query: StoreQuery;
  readonly values: readonly unknown[];
}

/** All calls of the workload, shuffled as they would arrive. */
function drawCalls(options: ReplayOptions): readonly Call[] {
  const size = storeSize(options.scale);
  const draws = createDraws(SEED);
  const calls = storeWorkload.flatMap((query) =>
    Array.from(
      { length: Math.max(1, Math.round(query.calls * (options.callsRatio ?? 1))) },
      () => ({
        query,
        values: query.values(draws, size),
        order: draws.next(),
      }),
    ),
  );
  return calls.toSorted((left, right) => left.order - right.order);
}
