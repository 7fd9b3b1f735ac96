import {
  bringRedis,
  componentSkips,
  createTestDatabase,
  type RedisServer,
  startRedis,
  type TestDatabase,
} from "@upshift/services";
import { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { defineJobs } from "../../src/queue/define-jobs.ts";
import { job } from "../../src/queue/job.ts";
import type { JobBackend } from "../../src/queue/job-backend.ts";
import { OUTBOX_SQL } from "../../src/queue/outbox.ts";
import { postgresBackend } from "../../src/queue/postgres-backend.ts";
import { redisBackend } from "../../src/queue/redis-backend.ts";

const skips = await componentSkips("the limits of job queues", bringRedis);

const until = async (isTrue: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await isTrue())) await new Promise((resolve) => void setTimeout(resolve, 10));
};

describe.skipIf(skips.isMissing).each(["redis", "postgres"] as const)(
  "the limits of jobs in %s",
  { timeout: 60_000 },
  (kind) => {
    let redis: RedisServer | undefined;
    let database: TestDatabase;
    let pool: Pool;
    let backend: JobBackend;
    beforeAll(async () => {
      database = await createTestDatabase();
      pool = new Pool({ connectionString: database.url, max: 5 });
      pool.on("error", () => {});
      await pool.query(OUTBOX_SQL);
      if (kind === "redis") {
        redis = await startRedis();
        backend = redisBackend({ connection: { port: redis.port } });
      } else backend = postgresBackend({ connectionString: database.url });
    });
    afterAll(async () => {
      await pool?.end();
      await redis?.stop();
      await database?.drop();
    });
    let names = 0;
    const fresh = () => ({ backend, namePrefix: `l${(names += 1)}-` });

    test("a job fails whatever its handler throws, and says why", async () => {
      const thrown: readonly (readonly [unknown, RegExp])[] = [
        [undefined, /threw undefined, not an error/],
        [null, /threw null, not an error/],
        ["out of paper", /out of paper/],
        [{ message: "of another realm" }, /of another realm/],
        [{ code: 7 }, /threw object, not an error/],
        [new Error("a\0b \ud800"), /a\ufffdb \ufffd/],
        [new Error("x".repeat(2_000_000)), /x{10000}…$/],
      ];
      const jobs = defineJobs({ p: job<number>({ attempts: 1 }) }, fresh());
      const worker = jobs.work({
        p(index) {
          throw thrown[index]?.[0];
        },
      });
      for (const [index, [, reason]] of thrown.entries()) {
        const id = await jobs.p.add(index);
        await expect(jobs.p.wait(id)).rejects.toThrow(reason);
      }
      expect(await jobs.p.deadLetters.count()).toBe(thrown.length);
      await worker.close();
      await jobs.close();
    });

    test("an `onError` that throws ends neither a worker nor a drainer", async () => {
      const jobs = defineJobs({ p: job<bigint | number, unknown>({ attempts: 1 }) }, fresh());
      let toldCount = 0;
      const onError = () => {
        toldCount += 1;
        throw new Error("of the caller");
      };
      // JSON has no bigint: BullMQ tells of it, beside failing the job.
      const worker = jobs.work({ p: (n) => (n === 1 ? 1n : n) }, { onError });
      await expect(jobs.p.wait(await jobs.p.add(1))).rejects.toThrow(/BigInt/);
      expect(toldCount).toBeGreaterThan(0);
      expect(await jobs.p.wait(await jobs.p.add(2))).toBe(2);
      await worker.close();
      const drain = new AbortController();
      const drainOptions = { signal: drain.signal, pollInterval: 5, onError };
      const before = toldCount;
      const nowhere = new Pool({ connectionString: "postgres://127.0.0.1:1/none" });
      const draining = jobs.drainOutbox(nowhere, drainOptions);
      await until(() => toldCount >= before + 3);
      drain.abort();
      expect(await draining).toBe(0);
      await nowhere.end();
      await jobs.close();
    });

    test("a listener that throws hears the next event all the same", async () => {
      const jobs = defineJobs({ p: job<number, number>() }, fresh());
      const others = process.listeners("uncaughtException");
      const uncaught: unknown[] = [];
      process.removeAllListeners("uncaughtException");
      process.on("uncaughtException", (error) => uncaught.push(error));
      const heard: number[] = [];
      await jobs.p.on("completed", ({ result }) => {
        heard.push(result);
        if (result === 1) throw new Error("of the listener");
      });
      const worker = jobs.work({ p: (n) => n }, { concurrency: 1 });
      await jobs.p.addMany([{ data: 1 }, { data: 2 }]);
      await until(() => heard.length === 2);
      process.removeAllListeners("uncaughtException");
      for (const other of others) process.on("uncaughtException", other);
      expect(heard).toEqual([1, 2]);
      expect(uncaught).toEqual([new Error("of the listener")]);
      await worker.close();
      await jobs.close();
    });

    test("what was said wrong is refused where it is said, before anything is started", async () => {
      const invalid = { code: "UPSHIFT_INVALID_ARGUMENT" };
      const define = (options: object) => () => defineJobs({ p: job(options) }, fresh());
      for (const options of [
        { attempts: Number.NaN },
        { backoff: { type: "linear", delay: "1s" } },
        { backoff: { type: "fixed", delay: -1 } },
        { backoff: { type: "fixed", delay: 1, jitterRatio: 2 } },
        { timeout: "soon" },
        { timeout: 0 },
        { rateLimit: { max: 0, per: "1s" } },
        { rateLimit: { max: 1, per: 0 } },
        { maxBytes: Number.NaN },
        { keep: { completed: { count: 1.5 } } },
        { priority: 3_000_000 },
      ])
        expect(define(options), JSON.stringify(options)).toThrow(expect.objectContaining(invalid));
      const connectionString = database.url;
      for (const bad of [{ schema: 'a", public; --' }, { schema: "" }, { maxConnections: 0 }])
        expect(() => postgresBackend({ connectionString, ...bad })).toThrow(/schema|maxConn/);
      expect(() => defineJobs({ p: {} as never }, fresh())).toThrow(/`job\(…\)`/);
      expect(() => defineJobs({ p: job() }, { ...fresh(), addTimeout: 0 })).toThrow(/addTimeout/);
      const jobs = defineJobs({ p: job<number>() }, fresh());
      expect(() => jobs.work({ nobody: () => {} } as never)).toThrow(/kinds of p/);
      expect(() => jobs.work({ p: 5 } as never)).toThrow(/functions/);
      expect(() => jobs.work({ p: () => {} }, { lock: 0 })).toThrow(/lock/);
      expect(() => jobs.work({ p: () => {} }, { maxLostLocks: -1 })).toThrow(/maxLostLocks/);
      for (const options of [
        { delay: -5 },
        { delay: Number.POSITIVE_INFINITY },
        { id: "" },
        { id: "a\0" },
        { id: "x".repeat(501) },
        { id: 5 as never },
        { dedupe: 5 as never },
      ])
        await expect(jobs.p.add(1, options)).rejects.toMatchObject(invalid);
      for (const times of [
        { every: 0 },
        { every: -1 },
        { cron: "* * * * *", every: "5s" },
        { cron: "0 0 30 2 *" },
        { cron: "* * * * *", timeZone: "Mars/Olympus" },
        {} as never,
      ])
        await expect(jobs.p.schedule("s", times, 1)).rejects.toMatchObject(invalid);
      for (const id of ["", "a:b", "\0", "x".repeat(501)])
        await expect(jobs.p.schedule(id, { every: "1h" }, 1)).rejects.toMatchObject(invalid);
      expect(await jobs.p.counts()).toMatchObject({ waiting: 0, delayed: 0 });
      await jobs.close();
    });

    test("a job needs no data; text that PostgreSQL does not keep is refused only there", async () => {
      const jobs = defineJobs({ p: job<string | undefined>() }, fresh());
      const got: unknown[] = [];
      const worker = jobs.work({ p: (data) => void got.push(data) }, { concurrency: 1 });
      const drain = new AbortController();
      const draining =
        kind === "redis"
          ? jobs.drainOutbox(pool, { signal: drain.signal, pollInterval: 20 })
          : undefined;
      await jobs.p.add(undefined);
      await until(() => got.length === 1);
      const odd = "a\0b\ud800";
      const adds = [jobs.p.add(odd), jobs.p.add(odd, { tx: pool })];
      const outcomes = await Promise.allSettled(adds);
      const added = outcomes.filter(({ status }) => status === "fulfilled").length;
      expect(added).toBe(kind === "redis" ? 2 : 0);
      await until(() => got.length === 1 + added);
      expect(got).toEqual(kind === "redis" ? [undefined, odd, odd] : [undefined]);
      drain.abort();
      await draining;
      await worker.close();
      await jobs.close();
    });

    test("adding again what has ended leaves the way free for an equal job, in a transaction too", async () => {
      const jobs = defineJobs({ p: job<{ to: string }>({ dedupe: ({ to }) => to }) }, fresh());
      const ran: string[] = [];
      const worker = jobs.work({ p: (_data, { id }) => void ran.push(id) });
      const data = { to: "ada" };
      await jobs.p.add(data, { id: "first" });
      await jobs.p.wait("first");
      expect(await jobs.p.add(data, { id: "first" })).toBe("first");
      const again = [{ data, options: { id: "first" } }];
      expect(await jobs.p.addMany(again)).toEqual(["first"]);
      const client = await pool.connect();
      await client.query("BEGIN");
      expect(await jobs.p.addMany(again, { tx: client })).toEqual(["first"]);
      await client.query("COMMIT");
      client.release();
      const next = await jobs.p.add(data);
      expect(next).not.toBe("first");
      await jobs.p.wait(next);
      expect(ran).toEqual(["first", next]);
      await worker.close();
      await jobs.close();
    });

    test("`tx` that is in no transaction is refused where that is told", async () => {
      const jobs = defineJobs({ p: job<number>({ dedupe: String }) }, fresh());
      const outside = jobs.p.add(1, { tx: pool, id: "x" });
      const code = kind === "postgres" ? "UPSHIFT_TRANSACTIONAL_ADD" : undefined;
      await expect(outside.catch((error: { code: string }) => error.code)).resolves.toBe(
        code ?? "x",
      );
      await jobs.close();
    });

    test("what is no trace context is left out", async () => {
      const jobs = defineJobs({ p: job<number>() }, { ...fresh(), traceparent: () => "\0" });
      const seen: unknown[] = [];
      const worker = jobs.work({ p: (_data, { traceparent }) => void seen.push(traceparent) });
      await jobs.p.add(1);
      await jobs.p.add(2, { traceparent: "x".repeat(1_000_000) });
      await until(() => seen.length === 2);
      expect(seen).toEqual([undefined, undefined]);
      await worker.close();
      await jobs.close();
    });

    test("a closed queue says so, however it was closed; what was under way ends", async () => {
      const closed = { code: "UPSHIFT_QUEUE_CLOSED" };
      const never = defineJobs({ p: job<number>() }, fresh());
      await never.close();
      await expect(never.p.add(1)).rejects.toMatchObject(closed);
      await expect(never.p.on("failed", () => {})).rejects.toMatchObject(closed);
      await expect(never.p.wait("x")).rejects.toMatchObject(closed);
      const jobs = defineJobs({ p: job<number>() }, { ...fresh(), addTimeout: 300 });
      await jobs.p.add(0);
      const adds = Array.from({ length: 50 }, (_, n) => jobs.p.add(n));
      const waiting = jobs.p.wait("nobody", { timeout: 500 });
      const [outcomes, , , ended] = await Promise.all([
        Promise.allSettled(adds),
        jobs.close(),
        jobs.close(),
        Promise.allSettled([waiting]),
      ]);
      expect(outcomes).toHaveLength(50);
      expect(ended).toMatchObject([{ status: "rejected" }]);
      await expect(jobs.p.add(1)).rejects.toMatchObject(closed);
      await expect(jobs.p.counts()).rejects.toMatchObject(closed);
      await expect(jobs.p.wait("x")).rejects.toMatchObject(closed);
      await expect(jobs.p.schedule("s", { every: "1h" }, 1)).rejects.toMatchObject(closed);
    });

    test("a worker closed twice, at work, waits once", async () => {
      const jobs = defineJobs({ p: job<number>() }, fresh());
      let endedCount = 0;
      let open: (() => void) | undefined;
      const gate = new Promise<void>((resolve) => {
        open = resolve;
      });
      const worker = jobs.work({
        async p() {
          await gate;
          endedCount += 1;
        },
      });
      await jobs.p.addMany([{ data: 1 }, { data: 2 }]);
      await until(() => worker.activeCount === 2);
      const closing = [worker.close(), worker.close({ timeout: 0 })];
      open?.();
      await Promise.all(closing);
      expect(endedCount).toBe(2);
      expect((await jobs.p.counts())["completed"]).toBe(2);
      await jobs.close();
    });

    test("workers keep as many ended jobs as their code says", async () => {
      const keep = { completed: { count: 3 }, failed: { count: 2 } };
      const jobs = defineJobs({ p: job<number>({ attempts: 1, keep }) }, fresh());
      const worker = jobs.work(
        {
          p(n) {
            if (n % 2 === 1) throw new Error("odd");
          },
        },
        { concurrency: 1 },
      );
      await jobs.p.addMany(Array.from({ length: 20 }, (_, data) => ({ data })));
      await until(async () => {
        const { waiting, active } = await jobs.p.counts();
        return waiting === 0 && active === 0;
      });
      expect(await jobs.p.counts()).toMatchObject({ completed: 3, failed: 2 });
      const [last] = await jobs.p.deadLetters.list();
      expect(last?.data).toBe(19);
      await worker.close();
      await jobs.close();
    });

    test("jobs of a kind that has gone from the code wait for code that has it; versions work side by side", async () => {
      const options = fresh();
      const old = defineJobs({ kept: job<number>(), gone: job<number>() }, options);
      const current = defineJobs({ kept: job<number>({ attempts: 7 }), added: job() }, options);
      await old.gone.add(1);
      await old.kept.addMany(Array.from({ length: 20 }, (_, data) => ({ data })));
      const ran: string[] = [];
      const newWorker = current.work({
        kept: (n) => void ran.push(`new ${n}`),
        added: () => {},
      });
      await until(() => ran.length === 20);
      expect(await old.gone.counts()).toMatchObject({ waiting: 1 });
      const oldWorker = old.work({
        kept: (n) => void ran.push(`old ${n}`),
        gone: (n) => void ran.push(`gone ${n}`),
      });
      await current.kept.addMany(Array.from({ length: 20 }, (_, data) => ({ data })));
      await until(() => ran.length === 41);
      expect(ran.filter((run) => run.startsWith("gone"))).toEqual(["gone 1"]);
      const numbers = ran
        .filter((run) => !run.startsWith("gone"))
        .map((run) => Number(run.slice(4)));
      const twice = Array.from({ length: 20 }, (_, n) => [n, n]).flat();
      expect(numbers.toSorted((a, b) => a - b)).toEqual(twice);
      await Promise.all([oldWorker.close(), newWorker.close()]);
      await Promise.all([old.close(), current.close()]);
    });

    test("a job that takes its worker with it more often than it may is given up, and is a dead letter", async () => {
      const jobs = defineJobs({ p: job<number>({ attempts: 5 }) }, fresh());
      const id = await jobs.p.add(7);
      let starts = 0;
      const deadly = jobs.work(
        {
          p() {
            starts += 1;
            return new Promise<void>(() => {});
          },
        },
        { lock: 300, maxLostLocks: 0 },
      );
      await until(() => starts === 1);
      await deadly.close({ timeout: 0 });
      const last = jobs.work({ p: () => void (starts += 1) }, { lock: 300, maxLostLocks: 0 });
      await expect(jobs.p.wait(id)).rejects.toThrow(/stalled/);
      expect(starts).toBe(1);
      expect(await jobs.p.deadLetters.list()).toMatchObject([{ id, data: 7 }]);
      await last.close();
      await jobs.close();
    });

    test("several jobs of one transaction come with it or not at all", async () => {
      const jobs = defineJobs({ p: job<number>() }, fresh());
      const drain = new AbortController();
      const draining =
        kind === "redis"
          ? jobs.drainOutbox(pool, { signal: drain.signal, pollInterval: 20 })
          : undefined;
      for (const [ending, first] of [
        ["ROLLBACK", 10],
        ["COMMIT", 20],
      ] as const) {
        const client = await pool.connect();
        await client.query("BEGIN");
        const datas = [{ data: first }, { data: first + 1, options: { delay: 10 } }];
        const ids = await jobs.p.addMany(datas, { tx: client });
        expect(new Set(ids).size).toBe(2);
        await client.query("SAVEPOINT before");
        await jobs.p.add(first + 2, { tx: client });
        await client.query("ROLLBACK TO before");
        await client.query(ending);
        client.release();
      }
      const ran: number[] = [];
      const worker = jobs.work({ p: (n) => void ran.push(n) });
      await until(() => ran.length === 2);
      await until(async () => (await jobs.p.counts())["completed"] === 2);
      expect(ran.toSorted((a, b) => a - b)).toEqual([20, 21]);
      drain.abort();
      await draining;
      await worker.close();
      await jobs.close();
    });
  },
);

describe.skipIf(skips.isMissing)("a long outage", { timeout: 60_000 }, () => {
  test("calls end in time, what is kept for Redis has a limit, and all is well after it", async () => {
    const redis = await startRedis();
    const backend = redisBackend({
      connection: { port: redis.port, maxRetriesPerRequest: null },
    });
    const jobs = defineJobs(
      { p: job<number>({ keep: { completed: { count: 10_000 } } }) },
      { backend, addTimeout: 100 },
    );
    await jobs.p.add(0, { id: "n-0" });
    redis.pause();
    const codes = new Map<string, number>();
    let sent = 1;
    while (!codes.has("UPSHIFT_QUEUE_BACKED_UP")) {
      const adds = Array.from({ length: 300 }, (_, n) =>
        jobs.p.add(sent + n, { id: `n-${sent + n}` }),
      );
      for (const outcome of await Promise.allSettled([...adds, jobs.p.counts()])) {
        const code = outcome.status === "rejected" ? outcome.reason.code : "none";
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
      sent += 300;
    }
    // No more than the limit and what was under way when it was reached.
    const keptCount =
      (codes.get("UPSHIFT_JOB_NOT_ACKNOWLEDGED") ?? 0) + (codes.get("UPSHIFT_QUEUE_TIMEOUT") ?? 0);
    expect(keptCount).toBeGreaterThanOrEqual(1_000);
    expect(keptCount).toBeLessThan(1_301);
    expect([...codes.keys()].toSorted()).toEqual([
      "UPSHIFT_JOB_NOT_ACKNOWLEDGED",
      "UPSHIFT_QUEUE_BACKED_UP",
      "UPSHIFT_QUEUE_TIMEOUT",
    ]);
    await expect(jobs.p.wait("n-1")).rejects.toMatchObject({ code: "UPSHIFT_QUEUE_BACKED_UP" });
    redis.resume();
    await until(async () => {
      const isIn = await jobs.p.add(1, { id: "n-1" }).then(
        () => true,
        () => false,
      );
      return isIn;
    });
    const runs = new Map<number, number>();
    const worker = jobs.work({ p: (n) => void runs.set(n, (runs.get(n) ?? 0) + 1) });
    await until(() => runs.has(0) && runs.has(1));
    expect(runs.get(1)).toBe(1);
    await worker.close();
    await jobs.close();
    await redis.stop();
  });
});
