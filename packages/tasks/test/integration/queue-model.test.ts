import {
  bringRedis,
  componentSkips,
  createTestDatabase,
  type RedisServer,
  startRedis,
  type TestDatabase,
} from "@upshift/services";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { defineJobs } from "../../src/queue/define-jobs.ts";
import { job } from "../../src/queue/job.ts";
import type { JobBackend } from "../../src/queue/job-backend.ts";
import { postgresBackend } from "../../src/queue/postgres-backend.ts";
import { redisBackend } from "../../src/queue/redis-backend.ts";
import { seededRandom } from "../seeded-random.ts";

const skips = await componentSkips("the job queue beside a model", bringRedis);
const STEPS = process.env["UPSHIFT_TEST_SCALE"] === "full" ? 10_000 : 600;

/** A job as a plain map knows it. */
interface Known {
  readonly id: string;
  readonly isBad: boolean;
  readonly priority: number;
  readonly dedupe: string | undefined;
  state: "waiting" | "delayed" | "completed" | "failed";
  isRetried: boolean;
}

describe.skipIf(skips.isMissing).each(["redis", "postgres"] as const)("a queue in %s", (kind) => {
  let redis: RedisServer | undefined;
  let database: TestDatabase | undefined;
  let backend: JobBackend;
  beforeAll(async () => {
    if (kind === "redis") {
      redis = await startRedis();
      backend = redisBackend({ connection: { port: redis.port } });
    } else {
      database = await createTestDatabase();
      backend = postgresBackend({ connectionString: database.url });
    }
  });
  afterAll(async () => {
    await redis?.stop();
    await database?.drop();
  });

  test(`${STEPS} random steps leave what a plain map holds`, { timeout: 600_000 }, async () => {
    const keep = { completed: { count: 100_000 }, failed: { count: 100_000 } };
    const jobs = defineJobs(
      { p: job<{ isBad: boolean }>({ attempts: 1, keep }) },
      { backend, addTimeout: "1m" },
    );
    const random = seededRandom(20_261_124);
    const upTo = (count: number): number => Math.floor(random() * count);
    const model = new Map<string, Known>();
    const live = new Map<string, string>();
    const inState = (state: Known["state"]) =>
      [...model.values()].filter((known) => known.state === state);
    const some = (): string => [...model.keys()][upTo(model.size)] ?? "none";

    const add = async (id: string) => {
      const isBad = random() < 0.3;
      const priority = random() < 0.4 ? 1 + upTo(3) : 0;
      const isDelayed = random() < 0.1;
      const dedupe = random() < 0.3 ? `d${upTo(3)}` : undefined;
      const got = await jobs.p.add(
        { isBad },
        {
          id,
          ...(priority > 0 ? { priority } : {}),
          ...(isDelayed ? { delay: "1d" } : {}),
          ...(dedupe === undefined ? {} : { dedupe }),
        },
      );
      const same = model.has(id) ? id : live.get(dedupe ?? "");
      if (same === undefined) {
        const state = isDelayed ? "delayed" : "waiting";
        model.set(id, { id, isBad, priority, dedupe, state, isRetried: false });
        if (dedupe !== undefined) live.set(dedupe, id);
      }
      return [got, same ?? id];
    };
    const work = async () => {
      const expected = inState("waiting").toSorted((a, b) => a.priority - b.priority);
      const ran: string[] = [];
      const worker = jobs.work(
        {
          p({ isBad }, { id }) {
            ran.push(id);
            if (isBad) throw new Error("bad");
          },
        },
        { concurrency: 1 },
      );
      while (ran.length < expected.length || (await jobs.p.counts())["active"] !== 0)
        await new Promise((resolve) => void setTimeout(resolve, 5));
      await worker.close();
      const ids = expected.map(({ id }) => id);
      // A job that is tried again has lost its place.
      const isOrdered = expected.every(({ isRetried }) => !isRetried);
      for (const known of expected) {
        known.state = known.isBad ? "failed" : "completed";
        if (known.dedupe !== undefined && live.get(known.dedupe) === known.id)
          live.delete(known.dedupe);
      }
      return isOrdered ? [ran, ids] : [ran.toSorted(), ids.toSorted()];
    };
    const retry = async () => {
      const id = some();
      const known = model.get(id);
      const isThere = known?.state === "failed";
      if (known !== undefined && isThere)
        Object.assign(known, { state: "waiting", isRetried: true });
      return [await jobs.p.deadLetters.retry(id), isThere];
    };
    const remove = async () => {
      const id = some();
      const isThere = model.get(id)?.state === "failed";
      if (isThere) model.delete(id);
      return [await jobs.p.deadLetters.remove(id), isThere];
    };
    const look = async (isWhole = random() < 0.1) => {
      const { waiting = 0, prioritized = 0, ...counts } = await jobs.p.counts();
      // One statement for each of thousands, on PostgreSQL.
      const dead = isWhole ? await jobs.p.deadLetters.list({ limit: 100_000 }) : [];
      const failed = inState("failed").map(({ id }) => id);
      return [
        { ...counts, waiting: waiting + prioritized, dead: dead.map(({ id }) => id).toSorted() },
        {
          active: 0,
          completed: inState("completed").length,
          delayed: inState("delayed").length,
          failed: failed.length,
          "waiting-children": 0,
          waiting: inState("waiting").length,
          dead: isWhole ? failed.toSorted() : [],
        },
      ];
    };
    for (let step = 0; step < STEPS; step++) {
      const draw = random();
      const run = (): Promise<readonly unknown[]> => {
        if (draw < 0.6) return add(`j${step}`);
        if (draw < 0.7) return add(some());
        if (draw < 0.8) return retry();
        if (draw < 0.87) return remove();
        return draw < 0.97 ? look() : work();
      };
      const [got, expected] = await run();
      expect(got, `step ${step}`).toEqual(expected);
    }
    for (const each of [work, () => look(true)]) {
      const [got, expected] = await each();
      expect(got).toEqual(expected);
    }
    expect(inState("completed").length).toBeGreaterThan(STEPS / 8);
    await jobs.close();
  });
});
