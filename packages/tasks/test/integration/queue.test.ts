import { tracingChannel } from "node:diagnostics_channel";
import {
  bringRedis,
  componentSkips,
  createTestDatabase,
  type RedisServer,
  startRedis,
  type TestDatabase,
} from "@upshift/services";
import { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import { defineJobs } from "../../src/queue/define-jobs.ts";
import { job } from "../../src/queue/job.ts";
import type { JobBackend } from "../../src/queue/job-backend.ts";
import { OUTBOX_SQL } from "../../src/queue/outbox.ts";
import { postgresBackend } from "../../src/queue/postgres-backend.ts";
import { redisBackend } from "../../src/queue/redis-backend.ts";

const skips = await componentSkips("job queues", bringRedis);

const until = async (isTrue: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await isTrue())) await new Promise((resolve) => void setTimeout(resolve, 10));
};

/** Something to wait for until it is opened. */
class Gate {
  resolve: () => void = () => {};
  readonly promise = new Promise<void>((open) => {
    this.resolve = open;
  });
}

describe.skipIf(skips.isMissing).each(["redis", "postgres"] as const)("jobs in %s", (kind) => {
  let redis: RedisServer | undefined;
  let database: TestDatabase;
  let pool: Pool;
  let backend: JobBackend;
  beforeAll(async () => {
    database = await createTestDatabase();
    pool = new Pool({ connectionString: database.url, max: 5 });
    await pool.query(OUTBOX_SQL);
    await pool.query("CREATE TABLE orders (id int PRIMARY KEY)");
    if (kind === "redis") {
      redis = await startRedis();
      backend = redisBackend({ connection: { port: redis.port, maxRetriesPerRequest: null } });
    } else backend = postgresBackend({ connectionString: database.url });
  });
  afterAll(async () => {
    await pool?.end();
    await redis?.stop();
    await database?.drop();
  });
  let names = 0;
  /** Queues of their own for each test. */
  const fresh = () => ({ backend, namePrefix: `t${(names += 1)}-` });

  test("the example of the page runs", async () => {
    const jobs = defineJobs(
      { sendMail: job<{ to: string }>({ attempts: 5, timeout: "30s" }) },
      fresh(),
    );
    const sent: string[] = [];
    const worker = jobs.work({ sendMail: async ({ to }) => void sent.push(to) });
    const id = await jobs.sendMail.add({ to: "ada@example.org" });
    await jobs.sendMail.wait(id);
    expect(sent).toEqual(["ada@example.org"]);
    await worker.close();
    await jobs.close();
  });

  test("the example of the page of schedules runs, as each process says it", async () => {
    const options = fresh();
    for (let process = 0; process < 2; process++) {
      const jobs = defineJobs({ report: job<{ kind: string }>(), cleanUp: job<object>() }, options);
      await jobs.report.schedule(
        "nightly",
        { cron: "0 3 * * *", timeZone: "Europe/Berlin" },
        { kind: "sales" },
      );
      await jobs.cleanUp.schedule("often", { every: "5m" }, {});
      expect(await jobs.report.schedules()).toMatchObject([
        { id: "nightly", cron: "0 3 * * *", timeZone: "Europe/Berlin" },
      ]);
      expect(await jobs.cleanUp.schedules()).toMatchObject([{ id: "often", everyMs: 300_000 }]);
      await jobs.close();
    }
  });

  test("data and results are typed, and come back as they were given", async () => {
    const jobs = defineJobs({ add: job<{ a: number; b?: number }, { sum: number }>() }, fresh());
    expectTypeOf<Parameters<typeof jobs.add.add>[0]>().toEqualTypeOf<{ a: number; b?: number }>();
    const worker = jobs.work({
      add({ a, b = 0 }, context) {
        expectTypeOf(a).toEqualTypeOf<number>();
        expect(context.attempt).toBe(1);
        return { sum: a + b };
      },
    });
    const id = await jobs.add.add({ a: 2, b: 3 });
    expect(await jobs.add.wait(id)).toEqual({ sum: 5 });
    await worker.close();
    await jobs.close();
  });

  test("an attempt that fails is made again, up to as many as there are; then it is a dead letter that can be retried", async () => {
    const jobs = defineJobs(
      { flaky: job<{ n: number }, string>({ attempts: 3, backoff: { type: "fixed", delay: 10 } }) },
      fresh(),
    );
    const attempts: number[] = [];
    let isMended = false;
    const worker = jobs.work({
      flaky(_data, { attempt }) {
        attempts.push(attempt);
        if (!isMended) throw new Error("not yet");
        return "done";
      },
    });
    const id = await jobs.flaky.add({ n: 7 });
    await expect(jobs.flaky.wait(id)).rejects.toMatchObject({ code: "UPSHIFT_JOB_FAILED" });
    expect(attempts).toEqual([1, 2, 3]);
    expect(await jobs.flaky.deadLetters.list()).toMatchObject([
      { id, data: { n: 7 }, attempts: 3, reason: "not yet" },
    ]);
    expect(await jobs.flaky.deadLetters.count()).toBe(1);
    isMended = true;
    expect(await jobs.flaky.deadLetters.retry(id)).toBe(true);
    expect(await jobs.flaky.wait(id)).toBe("done");
    expect(await jobs.flaky.deadLetters.retry(id)).toBe(false);
    expect(await jobs.flaky.deadLetters.remove("none")).toBe(false);
    await worker.close();
    await jobs.close();
  });

  test("an error that is of no use to try again fails at once", async () => {
    const jobs = defineJobs(
      {
        strict: job<object>({ attempts: 5, retryable: (error) => !(error instanceof RangeError) }),
      },
      fresh(),
    );
    let runs = 0;
    const worker = jobs.work({
      strict() {
        runs += 1;
        throw new RangeError("never");
      },
    });
    const id = await jobs.strict.add({});
    await expect(jobs.strict.wait(id)).rejects.toThrow(/never/);
    expect(runs).toBe(1);
    await worker.close();
    await jobs.close();
  });

  test("equal jobs are one until it has ended, and an id is added once", async () => {
    const jobs = defineJobs(
      { once: job<{ to: string }>({ dedupe: ({ to }) => to }), plain: job<number>() },
      fresh(),
    );
    const first = await jobs.once.add({ to: "a:b" });
    expect(await jobs.once.add({ to: "a:b" })).toBe(first);
    expect(await jobs.once.add({ to: "c" })).not.toBe(first);
    await jobs.plain.add(1, { id: "request-1" });
    expect(await jobs.plain.add(2, { id: "request-1" })).toBe("request-1");
    expect((await jobs.plain.counts())["waiting"]).toBe(1);
    const worker = jobs.work({ once: () => {} });
    await jobs.once.wait(first);
    expect(await jobs.once.add({ to: "a:b" })).not.toBe(first);
    await worker.close();
    await jobs.close();
  });

  test("urgent jobs run first, delayed ones later, and addMany keeps its order", async () => {
    const jobs = defineJobs({ p: job<string>() }, fresh());
    await jobs.p.add("late", { delay: "3s" });
    await jobs.p.add("low", { priority: 10 });
    await jobs.p.add("high", { priority: 1 });
    await jobs.p.addMany([{ data: "plain 1" }, { data: "plain 2" }]);
    const ran: string[] = [];
    const worker = jobs.work({ p: (data) => void ran.push(data) }, { concurrency: 1 });
    await until(() => ran.length === 5);
    expect(ran).toEqual(["plain 1", "plain 2", "high", "low", "late"]);
    await worker.close();
    await jobs.close();
  });

  test("progress and ends are heard in other processes' words", async () => {
    const jobs = defineJobs({ p: job<number, number>() }, fresh());
    const heard: unknown[] = [];
    const stop = await jobs.p.on("progress", (event) => heard.push(event));
    await jobs.p.on("completed", (event) => heard.push(event));
    const worker = jobs.work({
      async p(data, { progress }) {
        await progress({ half: true });
        return data * 2;
      },
    });
    const id = await jobs.p.add(21);
    await until(() => heard.length === 2);
    expect(heard).toEqual([
      { id, progress: { half: true } },
      { id, result: 42 },
    ]);
    stop();
    await worker.close();
    await jobs.close();
  });

  test("a timeout aborts the signal, and the attempt has failed by it", async () => {
    const jobs = defineJobs({ slow: job<object>({ attempts: 1, timeout: 50 }) }, fresh());
    const worker = jobs.work({
      slow: (_data, { signal }) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener("abort", () => reject(new Error("stopped"))),
        ),
    });
    const id = await jobs.slow.add({});
    await expect(jobs.slow.wait(id)).rejects.toThrow(/longer than 50 ms/);
    await worker.close();
    await jobs.close();
  });

  test("a handler that ends well after its time has failed all the same", async () => {
    const jobs = defineJobs({ slow: job<object>({ attempts: 1, timeout: 30 }) }, fresh());
    const worker = jobs.work({
      slow: (_data, { signal }) =>
        new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve())),
    });
    const id = await jobs.slow.add({});
    await expect(jobs.slow.wait(id)).rejects.toThrow(/longer than 30 ms/);
    await worker.close();
    await jobs.close();
  });

  test("a job is waited for by many, and though it is not kept", async () => {
    const warnings: Error[] = [];
    const hear = (warning: Error) => void warnings.push(warning);
    process.on("warning", hear);
    const jobs = defineJobs(
      { p: job<number, number>({ keep: { completed: { count: 0 } } }) },
      fresh(),
    );
    const start = new Gate();
    let heardCount = 0;
    const worker = jobs.work({
      async p(n, { progress }) {
        await until(async () => {
          await progress(n);
          return heardCount > 0;
        });
        await start.promise;
        return n + 1;
      },
    });
    const id = await jobs.p.add(1);
    await until(() => worker.activeCount === 1);
    await jobs.p.on("progress", () => (heardCount += 1));
    const waiting = Array.from({ length: 30 }, () => jobs.p.wait(id));
    await until(() => heardCount > 0);
    start.resolve();
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => 2));
    await new Promise(setImmediate);
    process.off("warning", hear);
    expect(warnings.filter(({ name }) => name === "MaxListenersExceededWarning")).toEqual([]);
    await worker.close();
    await jobs.close();
  });

  test("each kind has its own concurrency", async () => {
    const jobs = defineJobs({ one: job<number>(), many: job<number>() }, fresh());
    let running = 0;
    let most = 0;
    let held = 0;
    const all = new Gate();
    const worker = jobs.work(
      {
        async one() {
          most = Math.max(most, (running += 1));
          await new Promise(setImmediate);
          running -= 1;
        },
        async many() {
          held += 1;
          await all.promise;
        },
      },
      { concurrency: { one: 1, many: 20 } },
    );
    const twenty = Array.from({ length: 20 }, (_, data) => ({ data }));
    await jobs.many.addMany(twenty);
    await until(() => held === 20);
    all.resolve();
    const ids = await jobs.one.addMany(twenty);
    await Promise.all(ids.map((id) => jobs.one.wait(id)));
    expect(most).toBe(1);
    expect(() => jobs.work({}, { concurrency: { other: 1 } as never })).toThrow(/kinds of/);
    expect(() => jobs.work({ one: () => {} }, { concurrency: { one: 0 } })).toThrow(/concurrency/);
    await worker.close();
    await jobs.close();
  });

  test("closing waits for what runs; what does not end in time goes back and runs elsewhere", async () => {
    const jobs = defineJobs({ p: job<string>({ attempts: 1 }) }, fresh());
    const ended: string[] = [];
    let finish: (() => void) | undefined;
    const first = jobs.work({
      p: (data, { signal }) =>
        new Promise<void>((resolve, reject) => {
          if (data === "quick") finish = () => (ended.push("quick"), resolve());
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
    });
    const stuck = await jobs.p.add("stuck");
    const quick = await jobs.p.add("quick");
    await until(() => first.activeCount === 2);
    const closing = first.close({ timeout: 300 });
    finish?.();
    await closing;
    expect(ended).toEqual(["quick"]);
    await jobs.p.wait(quick);
    const second = jobs.work({ p: (data) => void ended.push(data) });
    await jobs.p.wait(stuck);
    expect(ended).toEqual(["quick", "stuck"]);
    await second.close();
    await jobs.close();
  });

  test("all workers together keep to the rate", async () => {
    const jobs = defineJobs({ p: job<number>({ rateLimit: { max: 3, per: "1s" } }) }, fresh());
    const atMs: number[] = [];
    const run = () => void atMs.push(performance.now());
    const workers = [jobs.work({ p: run }), jobs.work({ p: run })];
    await jobs.p.addMany(Array.from({ length: 12 }, (_, data) => ({ data })));
    await until(() => atMs.length === 12);
    // Twelve take at least three more windows than the first; a handler that is called late takes away less than two.
    expect((atMs.at(-1) ?? 0) - (atMs[0] ?? 0)).toBeGreaterThan(1_000);
    await Promise.all(workers.map((worker) => worker.close()));
    await jobs.close();
  });

  test("the trace context goes from who adds to who works, and both are published", async () => {
    const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const jobs = defineJobs({ p: job<number>() }, { ...fresh(), traceparent: () => parent });
    const messages: unknown[] = [];
    const channel = tracingChannel("upshift:job");
    const subscriber = { start: (message: unknown) => void messages.push(message) };
    // Node's types ask for all five.
    channel.start.subscribe(subscriber.start);
    const seen: unknown[] = [];
    const worker = jobs.work({ p: (_data, { traceparent }) => void seen.push(traceparent) });
    const id = await jobs.p.add(1);
    await jobs.p.wait(id);
    channel.start.unsubscribe(subscriber.start);
    expect(seen).toEqual([parent]);
    expect(messages).toMatchObject([
      { operation: "add", queue: jobs.p.name, jobIds: [id], traceparent: parent },
      { operation: "run", queue: jobs.p.name, jobIds: [id], attempt: 1, traceparent: parent },
    ]);
    await worker.close();
    await jobs.close();
  });

  test("a schedule keeps its id: setting it again changes it, and taking it back ends it", async () => {
    const jobs = defineJobs({ p: job<{ n: number }>() }, fresh());
    for (const cron of ["at three", "0 3 * *", "99 * * * *"])
      await expect(jobs.p.schedule("x", { cron }, { n: 0 })).rejects.toThrow(/`cron`/);
    const nowhere = { cron: "0 3 * * *", timeZone: "Europe/Nowhere" };
    await expect(jobs.p.schedule("x", nowhere, { n: 0 })).rejects.toThrow(/timeZone/);
    await jobs.p.schedule("nightly", { cron: "0 3 * * *", timeZone: "Europe/Berlin" }, { n: 1 });
    await jobs.p.schedule("nightly", { cron: "0 4 * * *", timeZone: "Europe/Berlin" }, { n: 2 });
    expect(await jobs.p.schedules()).toMatchObject([
      { id: "nightly", cron: "0 4 * * *", timeZone: "Europe/Berlin" },
    ]);
    expect(await jobs.p.unschedule("nightly")).toBe(true);
    expect(await jobs.p.unschedule("nightly")).toBe(false);
    expect(await jobs.p.schedules()).toEqual([]);
    const ran: number[] = [];
    const worker = jobs.work({ p: ({ n }) => void ran.push(n) });
    await jobs.p.schedule("often", { every: 100 }, { n: 3 });
    await until(() => ran.length >= 3);
    await jobs.p.unschedule("often");
    expect(new Set(ran)).toEqual(new Set([3]));
    await worker.close();
    await jobs.close();
  });

  test("a job is added with the caller's transaction, or not at all", async () => {
    const jobs = defineJobs({ ship: job<{ order: number }>() }, fresh());
    const drain = new AbortController();
    const draining =
      kind === "redis"
        ? jobs.drainOutbox(pool, { signal: drain.signal, pollInterval: 20 })
        : Promise.resolve(0);
    const place = async (order: number, ending: "COMMIT" | "ROLLBACK") => {
      const client = await pool.connect();
      await client.query("BEGIN");
      await client.query("SET LOCAL search_path TO public, pg_temp");
      await client.query("INSERT INTO orders VALUES ($1)", [order]);
      await jobs.ship.add({ order }, { tx: client });
      const path = await client.query("SHOW search_path");
      await client.query(ending);
      client.release();
      return path.rows[0].search_path as string;
    };
    expect(await place(names * 100 + 1, "ROLLBACK")).toBe("public, pg_temp");
    await place(names * 100 + 2, "COMMIT");
    const shipped: number[] = [];
    const worker = jobs.work({ ship: ({ order }) => void shipped.push(order) });
    await until(() => shipped.length === 1);
    drain.abort();
    await draining;
    expect(shipped).toEqual([names * 100 + 2]);
    await until(async () => (await jobs.ship.counts())["completed"] === 1);
    expect(await jobs.ship.counts()).toMatchObject({ waiting: 0, active: 0, delayed: 0 });
    await worker.close();
    await jobs.close();
  });

  test("data that JSON changes is refused with its place", async () => {
    const jobs = defineJobs({ p: job<unknown>({ maxBytes: 100 }) }, fresh());
    const refused = async (data: unknown, path: string) =>
      expect(jobs.p.add(data)).rejects.toMatchObject({
        code: "UPSHIFT_JOB_DATA",
        details: { path },
      });
    await refused({ at: [new Date()] }, ".at[0]");
    await refused({ a: { n: 1n } }, ".a.n");
    await refused({ f: () => {} }, ".f");
    await refused([undefined], "[0]");
    await refused({ n: Number.NaN }, ".n");
    await refused("x".repeat(200), "");
    const loop: { self?: unknown } = {};
    loop.self = loop;
    await refused(loop, ".self");
    await expect(jobs.p.add(1, { id: "a:b" })).rejects.toThrow(/`id`/);
    await expect(jobs.p.add(1, { id: "17" })).rejects.toThrow(/`id`/);
    await expect(jobs.p.add(1, { priority: -1 })).rejects.toThrow(/priority/);
    expect(() => defineJobs({ work: job() }, fresh())).toThrow(/names of jobs/);
    expect(() => defineJobs({ p: job({ attempts: 0 }) }, fresh())).toThrow(/attempts/);
    await jobs.close();
  });
});
