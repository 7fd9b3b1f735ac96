import { setTimeout as pause } from "node:timers/promises";
import type { TestDatabase } from "@upshift/services";
import { expect } from "vitest";
import type { WriteBehindStore } from "../../src/write-behind/write-behind-store.ts";
import type { Row } from "./hand-in.ts";
import { seededRandom } from "./seeded-random.ts";

interface ChangesOptions {
  readonly changeCount: number;
  readonly keyCount: number;
  /** Each has keys of its own, and makes one change after the other. */
  readonly workerCount: number;
  /** Between two changes of a worker, so that enough happens meanwhile. */
  readonly pauseMs: number;
  /** Above the values of an earlier call; default 0. */
  readonly fromStep?: number;
}

/**
 * Puts and patches, each repeated until it is acknowledged: it sets fields, so twice is once. Values only grow.
 *
 * @returns what each row must be in the end
 */
export async function handInChanges(
  store: WriteBehindStore<string, Row>,
  { changeCount, keyCount, workerCount, pauseMs, fromStep = 0 }: ChangesOptions,
): Promise<ReadonlyMap<string, Row>> {
  const expected = new Map<string, Row>();
  const worker = async (own: number): Promise<void> => {
    const draw = seededRandom(1_000 + own);
    const last = fromStep + changeCount / workerCount;
    for (let step = fromStep + 1; step <= last; step += 1) {
      const key = `k${own + workerCount * Math.floor(draw() * (keyCount / workerCount))}`;
      const kind = draw();
      const change: Row =
        kind < 0.4 ? { a: step, b: step } : kind < 0.7 ? { a: step } : { b: step };
      await untilAcknowledged(() =>
        kind < 0.4 ? store.put(key, change) : store.patch(key, change),
      );
      expected.set(key, { ...expected.get(key), ...change });
      await pause(pauseMs);
    }
  };
  await Promise.all(Array.from({ length: workerCount }, (_, index) => worker(index)));
  return expected;
}

export async function expectWritten(
  database: TestDatabase,
  expected: ReadonlyMap<string, Row>,
): Promise<void> {
  const rows = await database.query("SELECT id, a, b FROM row");
  const written = new Map(rows.map(({ id, a, b }) => [id, { a, b }]));
  expect(written.size).toBe(expected.size);
  for (const [key, { a = null, b = null }] of expected)
    expect(written.get(key), key).toEqual({ a, b });
}

async function untilAcknowledged(change: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await change();
      return;
    } catch {
      await pause(20);
    }
  }
}
