import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import {
  bringRedis,
  componentSkips,
  createTestDatabase,
  type RedisServer,
  startPostgres,
  startRedis,
  startRedisCluster,
  type TestDatabase,
} from "@upshift/services";
import { Cluster } from "ioredis";
import { Pool } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { defineJobs } from "../../src/queue/define-jobs.ts";
import { job } from "../../src/queue/job.ts";
import type { JobBackend } from "../../src/queue/job-backend.ts";
import { OUTBOX_SQL } from "../../src/queue/outbox.ts";
import { postgresBackend } from "../../src/queue/postgres-backend.ts";
import { redisBackend } from "../../src/queue/redis-backend.ts";

const skips = await componentSkips("job queues under faults", bringRedis);
const COUNT = process.env["UPSHIFT_TEST_SCALE"] === "full" ? 1_000 : 200;
const WORKER = fileURLToPath(new URL("../fixtures/queue-worker.mjs", import.meta.url));
const DRAINER = fileURLToPath(new URL("../fixtures/outbox-drainer.mjs", import.meta.url));

/** A worker process and what it has said so far. */
interface Worker {
  readonly child: ChildProcess;
  readonly lines: readonly string[];
  kill(signal: NodeJS.Signals): void;
}

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

function startWorker(...args: readonly string[]): Worker {
  const child = spawn(process.execPath, [WORKER, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  started.push(child);
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => void lines.push(line));
  return { child, lines, kill: (signal) => void child.kill(signal) };
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => void setTimeout(resolve, 20));
}

const says = (worker: Worker, start: string) => worker.lines.some((line) => line.startsWith(start));

describe.skipIf(skips.isMissing).each(["redis", "postgres"] as const)(
  "workers on %s",
  { timeout: 120_000 },
  (kind) => {
    let redis: RedisServer | undefined;
    let database: TestDatabase;
    let backend: JobBackend;
    let backendText: string;
    beforeAll(async () => {
      database = await createTestDatabase();
      redis = kind === "redis" ? await startRedis() : undefined;
      const options =
        redis === undefined
          ? { connectionString: database.url }
          : { connection: { port: redis.port, maxRetriesPerRequest: null } };
      backendText = JSON.stringify({ kind, options });
      backend =
        redis === undefined
          ? postgresBackend({ connectionString: database.url })
          : redisBackend({ connection: { port: redis.port, maxRetriesPerRequest: null } });
      // The tables are made before several processes ask for them.
      const jobs = defineJobs({ p: job() }, { backend, namePrefix: "first-" });
      await jobs.p.counts();
      await jobs.close();
    });
    afterAll(async () => {
      await redis?.stop();
      await database?.drop();
    });

    test("a job whose worker is killed runs again elsewhere", async () => {
      const jobs = defineJobs(
        { p: job<object>({ attempts: 1 }) },
        { backend, namePrefix: "killed-" },
      );
      const first = startWorker(backendText, "killed-", "500", "hold");
      await until(() => says(first, "ready"));
      const id = await jobs.p.add({});
      await until(() => says(first, `start ${id}`));
      first.kill("SIGKILL");
      const second = startWorker(backendText, "killed-", "500", "quick");
      await until(() => says(second, `end ${id}`));
      expect(await jobs.p.counts()).toMatchObject({ waiting: 0, failed: 0 });
      await jobs.p.wait(id);
      await jobs.close();
    });

    test("a worker that was stopped past its lock is told when it wakes, and cannot complete the job that another has", async () => {
      const jobs = defineJobs(
        { p: job<object>({ attempts: 1 }) },
        { backend, namePrefix: "stopped-" },
      );
      const first = startWorker(backendText, "stopped-", "500", "hold");
      await until(() => says(first, "ready"));
      const id = await jobs.p.add({});
      await until(() => says(first, `start ${id}`));
      first.kill("SIGSTOP");
      const second = startWorker(backendText, "stopped-", "500", "hold");
      await until(() => says(second, `start ${id}`));
      first.kill("SIGCONT");
      await until(
        () => says(first, `abort ${id} UPSHIFT_JOB_LOCK_LOST`) && says(first, `end ${id}`),
      );
      // The first has come to its end; the job is still the second's.
      expect((await jobs.p.counts())["active"]).toBe(1);
      expect((await jobs.p.counts())["completed"]).toBe(0);
      second.kill("SIGTERM");
      await until(() => says(second, `abort ${id} UPSHIFT_WORKER_CLOSING`));
      await jobs.close();
    });

    test("a schedule fires once per tick, with four processes that all set it", async () => {
      const jobs = defineJobs({ p: job<object>() }, { backend, namePrefix: "ticks-" });
      const workers = Array.from({ length: 4 }, () =>
        startWorker(backendText, "ticks-", "5000", "quick", "* * * * * *"),
      );
      await until(
        () =>
          workers.flatMap(({ lines }) => lines).filter((line) => line.startsWith("start "))
            .length >= 5,
      );
      await jobs.p.unschedule("tick");
      const ids = workers
        .flatMap(({ lines }) => lines)
        .filter((line) => line.startsWith("start "))
        .map((line) => line.split(" ")[1] ?? "");
      // The id of a fired job ends with the moment of its tick.
      const ticks = ids.map((id) => id.split(":").at(-1));
      expect(new Set(ticks).size).toBe(ticks.length);
      expect(ticks.every((tick) => Number(tick) % 1_000 === 0)).toBe(true);
      await jobs.close();
    });

    test(`${COUNT} jobs all run with workers killed again and again`, async () => {
      const jobs = defineJobs(
        { p: job<number>({ attempts: 1, keep: { completed: { count: 5_000 } } }) },
        { backend, namePrefix: "many-" },
      );
      const lines: string[][] = [];
      const begin = () => {
        const worker = startWorker(backendText, "many-", "400", "slow");
        lines.push(worker.lines as string[]);
        return worker;
      };
      const steady = begin();
      const ids = await jobs.p.addMany(Array.from({ length: COUNT }, (_, data) => ({ data })));
      const ended = () =>
        new Set(
          lines
            .flat()
            .filter((line) => line.startsWith("end "))
            .map((line) => line.slice(4)),
        );
      while (ended().size < COUNT) {
        const victim = begin();
        await until(() => says(victim, "end ") || ended().size === COUNT);
        victim.kill("SIGKILL");
      }
      expect(ended()).toEqual(new Set(ids));
      await until(async () => (await jobs.p.counts())["completed"] === COUNT);
      expect(await jobs.p.deadLetters.count()).toBe(0);
      steady.kill("SIGKILL");
      await jobs.close();
    });
  },
);

describe.skipIf(skips.isMissing)("Redis that goes away", { timeout: 120_000 }, () => {
  test("what was acknowledged runs after Redis was killed and restarted, whenever that was", async () => {
    const redis = await startRedis({ settings: { appendonly: "yes", appendfsync: "always" } });
    const backend = redisBackend({ connection: { port: redis.port, maxRetriesPerRequest: null } });
    const jobs = defineJobs({ p: job<number>() }, { backend, addTimeout: "1s" });
    const acknowledged: number[] = [];
    const adder = { isAdding: true };
    const adding = (async () => {
      for (let n = 0; adder.isAdding; n++) {
        const isIn = await jobs.p.add(n, { id: `n-${n}` }).then(
          () => true,
          (error: { code?: string }) => {
            if (error.code === "UPSHIFT_JOB_NOT_ACKNOWLEDGED") return false;
            throw error;
          },
        );
        if (isIn) acknowledged.push(n);
      }
    })();
    for (let kill = 0; kill < 3; kill++) {
      const before = acknowledged.length;
      await until(() => acknowledged.length > before + 20);
      await redis.kill();
      await redis.restart();
    }
    adder.isAdding = false;
    await adding;
    const ran = new Set<number>();
    const worker = jobs.work({ p: (n) => void ran.add(n) });
    await until(() => acknowledged.every((n) => ran.has(n)));
    expect(acknowledged.length).toBeGreaterThan(60);
    await worker.close();
    await jobs.close();
    await redis.stop();
  });

  test("an add that Redis does not answer ends in time; a worker tells its handlers that the lock is over", async () => {
    const redis = await startRedis();
    const backend = redisBackend({ connection: { port: redis.port, maxRetriesPerRequest: null } });
    const jobs = defineJobs({ p: job<object>() }, { backend, addTimeout: 200 });
    const reasons: unknown[] = [];
    const worker = jobs.work(
      {
        p: (_data, { signal }) =>
          new Promise<void>((resolve) => {
            signal.addEventListener("abort", () => {
              reasons.push(signal.reason);
              resolve();
            });
          }),
      },
      { lock: 600 },
    );
    await jobs.p.add({});
    await until(() => worker.activeCount === 1);
    redis.pause();
    await expect(jobs.p.add({})).rejects.toMatchObject({ code: "UPSHIFT_JOB_NOT_ACKNOWLEDGED" });
    await until(() => reasons.length === 1);
    expect(reasons).toMatchObject([{ code: "UPSHIFT_JOB_LOCK_LOST" }]);
    redis.resume();
    await worker.close({ timeout: 100 });
    await jobs.close();
    await redis.stop();
  });

  test.each(["was never there", "hangs", "has gone"])(
    "every call ends in time, and so does closing, when Redis %s",
    async (how) => {
      const redis = await startRedis();
      const backend = redisBackend({ connection: { port: redis.port } });
      const jobs = defineJobs({ p: job<number>(), q: job<number>() }, { backend, addTimeout: 100 });
      const worker = jobs.work({ p: () => {} });
      if (how === "was never there") await redis.kill();
      else {
        await Promise.all([worker.ready(), jobs.q.on("failed", () => {}, { timeout: "30s" })]);
        if (how === "hangs") redis.pause();
        else await redis.kill();
      }
      const late = { code: "UPSHIFT_QUEUE_TIMEOUT" };
      const abort = new AbortController();
      const aborted = jobs.q.counts({ signal: abort.signal, timeout: "1h" });
      const waiting = jobs.q.wait("x", { signal: abort.signal, timeout: "1h" });
      const calls = [
        jobs.q.schedule("s", { every: "1h" }, 1),
        jobs.q.unschedule("s"),
        jobs.q.schedules(),
        jobs.q.counts(),
        jobs.q.deadLetters.list(),
        jobs.q.deadLetters.count(),
        jobs.q.deadLetters.retry("x"),
        jobs.q.deadLetters.remove("x"),
        jobs.check(),
      ];
      for (const call of calls.map((each) => expect(each).rejects.toMatchObject(late))) await call;
      await expect(jobs.q.wait("x", { timeout: 50 })).rejects.toMatchObject({
        code: "UPSHIFT_JOB_NOT_ENDED",
      });
      const reason = new Error("enough");
      abort.abort(reason);
      await expect(aborted).rejects.toBe(reason);
      await expect(waiting).rejects.toBe(reason);
      await worker.close({ timeout: 100 });
      await jobs.close({ timeout: 100 });
      await redis.stop();
    },
  );

  test("a handler that never ends does not keep a worker from closing, and its lock ends", async () => {
    const redis = await startRedis();
    const backend = redisBackend({ connection: { port: redis.port } });
    const jobs = defineJobs({ p: job<number>() }, { backend });
    const worker = jobs.work({ p: () => new Promise<void>(() => {}) }, { lock: 300 });
    const id = await jobs.p.add(1);
    await until(() => worker.activeCount === 1);
    await worker.close({ timeout: 10 });
    const ran: string[] = [];
    const next = jobs.work({ p: (_data, context) => void ran.push(context.id) }, { lock: 300 });
    await until(() => ran.length === 1);
    expect(ran).toEqual([id]);
    await next.close();
    await jobs.close();
    await redis.stop();
  });

  test("queues live in a cluster, each in one slot", async () => {
    const cluster = await startRedisCluster();
    const connection = new Cluster([...cluster.nodes], {
      redisOptions: { maxRetriesPerRequest: null },
    });
    expect(() => redisBackend({ connection, prefix: "jobs" })).toThrow(/prefix/);
    const jobs = defineJobs(
      { p: job<number, number>() },
      { backend: redisBackend({ connection }), addTimeout: "30s" },
    );
    const worker = jobs.work({ p: (n) => 2 * n });
    const ids = await jobs.p.addMany(Array.from({ length: 20 }, (_, data) => ({ data })));
    const results = await Promise.all(ids.map((id) => jobs.p.wait(id)));
    expect(results).toEqual(Array.from({ length: 20 }, (_, n) => 2 * n));
    await worker.close();
    await jobs.close();
    connection.disconnect();
    await cluster.stop();
  });

  test("a Redis that may evict jobs is told", async () => {
    const redis = await startRedis({
      settings: { maxmemory: "100mb", "maxmemory-policy": "allkeys-lru" },
    });
    const backend = redisBackend({ connection: { port: redis.port, maxRetriesPerRequest: null } });
    const jobs = defineJobs({ p: job() }, { backend });
    expect(await jobs.check()).toEqual([
      expect.stringContaining("allkeys-lru"),
      expect.stringContaining("appendonly"),
    ]);
    await redis.command("CONFIG", "SET", "maxmemory-policy", "noeviction");
    await redis.command("CONFIG", "SET", "appendonly", "yes");
    expect(await jobs.check()).toEqual([]);
    await jobs.close();
    await redis.stop();
  });
});

describe.skipIf(skips.isMissing)("PostgreSQL that goes away", { timeout: 120_000 }, () => {
  test("what was acknowledged runs after the server was restarted, whenever that was", async () => {
    // What is committed stays so through an immediate restart.
    const server = await startPostgres({ settings: { synchronous_commit: "on" } });
    const backend = postgresBackend({ connectionString: server.url() });
    const jobs = defineJobs({ p: job<number>() }, { backend, addTimeout: "2s" });
    const errors: unknown[] = [];
    const ran = new Set<number>();
    const worker = jobs.work(
      { p: (n) => void ran.add(n) },
      { lock: 1_000, onError: (error) => errors.push(error) },
    );
    await worker.ready();
    const acknowledged: number[] = [];
    const adder = { isAdding: true };
    const adding = (async () => {
      for (let n = 0; adder.isAdding; n++) {
        const isIn = await jobs.p.add(n, { id: `n-${n}` }).then(
          () => true,
          () => false,
        );
        if (isIn) acknowledged.push(n);
        else await new Promise(setImmediate);
      }
    })();
    for (let restart = 0; restart < 2; restart++) {
      const before = acknowledged.length;
      await until(() => acknowledged.length > before + 20);
      await server.restart();
    }
    const before = acknowledged.length;
    await until(() => acknowledged.length > before + 20);
    adder.isAdding = false;
    await adding;
    await until(() => acknowledged.every((n) => ran.has(n)));
    expect(errors.length).toBeGreaterThan(0);
    await worker.close();
    await jobs.close();
    await server.stop();
  });
});

describe.skipIf(skips.isMissing)("the outbox", { timeout: 120_000 }, () => {
  test(
    "a job that can never be added keeps its row and its reason, and no other back; an abort ends a batch that hangs",
    { timeout: 40_000 },
    async () => {
      const redis = await startRedis();
      const database = await createTestDatabase();
      const pool = new Pool({ connectionString: database.url, max: 3 });
      await pool.query(OUTBOX_SQL);
      const backend = redisBackend({ connection: { port: redis.port } });
      const jobs = defineJobs({ p: job<number>() }, { backend });
      await jobs.p.add(0, { tx: pool });
      await pool.query(
        `UPDATE upshift_job_outbox SET job = jsonb_set(job::jsonb, '{opts,jobId}', '"no:id:of:ours:"')`,
      );
      for (const n of [1, 2, 3, 4, 5]) await jobs.p.add(n, { tx: pool });
      const errors: unknown[] = [];
      const drain = new AbortController();
      const draining = jobs.drainOutbox(pool, {
        signal: drain.signal,
        pollInterval: 20,
        batchSize: 2,
        onError: (error) => errors.push(error),
      });
      await until(async () => (await jobs.p.counts())["waiting"] === 5);
      await until(async () => {
        const { rows } = await pool.query("SELECT failure FROM upshift_job_outbox");
        return rows.length === 1 && /Custom Id/.test(String(rows[0]?.failure));
      });
      expect(errors[0]).toMatchObject({ code: "UPSHIFT_OUTBOX_JOB" });
      redis.pause();
      await jobs.p.add(6, { tx: pool });
      await until(async () => {
        const { rows } = await pool.query(
          "SELECT 1 FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()",
        );
        return rows.length === 1;
      });
      drain.abort();
      expect(await draining).toBe(5);
      redis.resume();
      await jobs.close();
      await pool.end();
      await database.drop();
      await redis.stop();
    },
  );

  test("every committed job is enqueued, no rolled back one, with drainers killed and the database restarted meanwhile", async () => {
    const redis = await startRedis();
    // What is committed stays so through an immediate restart.
    const server = await startPostgres({ settings: { synchronous_commit: "on" } });
    const pool = new Pool({ connectionString: server.url(), max: 4 });
    pool.on("error", () => {});
    pool.on("connect", (client) => void client.on("error", () => {}));
    await pool.query(OUTBOX_SQL);
    const backend = redisBackend({ connection: { port: redis.port, maxRetriesPerRequest: null } });
    const jobs = defineJobs(
      { p: job<number>({ keep: { completed: { count: 10_000 } } }) },
      { backend, namePrefix: "out-" },
    );
    const drain = () => {
      const child = spawn(process.execPath, [DRAINER, String(redis.port), server.url(), "out-"], {
        stdio: ["ignore", "ignore", "inherit"],
      });
      started.push(child);
      return child;
    };
    const committed: number[] = [];
    /** The database went while it committed: it has, or it has not. */
    const unknown: number[] = [];
    const write = async (n: number) => {
      const client = await pool.connect();
      let isCommitting = false;
      try {
        await client.query("BEGIN");
        await jobs.p.add(n, { tx: client });
        isCommitting = n % 5 !== 4;
        await client.query(isCommitting ? "COMMIT" : "ROLLBACK");
        if (isCommitting) committed.push(n);
        client.release();
      } catch (error) {
        if (isCommitting) unknown.push(n);
        client.release(error as Error);
      }
    };
    const writing = (async () => {
      for (let n = 0; n < COUNT; n++) {
        if (n === COUNT / 2) await server.restart();
        await write(n).catch(() => {});
      }
      // Once while everybody is at it.
      await Promise.all([
        server.restart(),
        ...[1, 2, 3].map((n) => write(COUNT + n).catch(() => {})),
      ]);
    })();
    drain();
    const writer = { isWriting: true };
    void writing.finally(() => {
      writer.isWriting = false;
    });
    while (writer.isWriting) {
      const victim = drain();
      const exited = once(victim, "exit");
      await new Promise((resolve) => void setTimeout(resolve, 400));
      victim.kill("SIGKILL");
      await exited;
    }
    await pool.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
    );
    await until(async () => {
      const left = await pool
        .query("SELECT count(*)::int AS n FROM upshift_job_outbox")
        .catch(() => undefined);
      return left?.rows[0].n === 0;
    });
    const ran: number[] = [];
    const worker = jobs.work({ p: (n) => void ran.push(n) });
    await until(() => committed.every((n) => ran.includes(n)));
    await until(async () => (await jobs.p.counts())["waiting"] === 0);
    const surely = ran.filter((n) => !unknown.includes(n));
    expect(surely.toSorted((a, b) => a - b)).toEqual(committed.toSorted((a, b) => a - b));
    await worker.close();
    await jobs.close();
    await pool.end();
    await server.stop();
    await redis.stop();
  });
});
