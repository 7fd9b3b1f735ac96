import { UpshiftError } from "@upshift/foundation";
import { expect, it } from "vitest";
import { mapLimit, mapLimitStream, parallel, retry, settle } from "./index.ts";
import { defineJobs, job, postgresBackend, redisBackend } from "./queue/queue.ts";

/** Arguments as a program without types gives them. */
const loose = (value: unknown): never => value as never;

async function errorOf(call: () => unknown): Promise<UpshiftError> {
  try {
    await call();
  } catch (error) {
    if (error instanceof UpshiftError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

const URL_WITH_PASSWORD = "redis://user:secret@host:6379";
const backend = postgresBackend({ connectionString: "postgres://nobody@127.0.0.1:1/none" });
const jobs = defineJobs({ mail: job<{ to: string }>() }, { backend });
const data = { to: "ada@example.org" };
const one = { one: () => 1 };
const database = { query: () => Promise.reject(new Error("not asked")) };

it.each<readonly [string, () => unknown]>([
  ["`tasks` as a record", () => parallel(loose(Promise.resolve(one)))],
  ["concurrency, deadline", () => parallel(one, loose({ dedline: "1s" }))],
  ["the options of `parallel`", () => parallel(one, loose("1s"))],
  ["`clock` with", () => parallel(one, { clock: loose(Date) })],
  ["clock, quorum, fallback", () => settle(one, loose({ fallbacks: {} }))],
  ["attempts, backoff", () => retry(() => 1, loose({ atempts: 5 }))],
  ["base, max, factor", () => retry(() => 1, { backoff: loose({ min: 1 }) })],
  ["`retryable` as a function", () => retry(() => 1, { retryable: loose(true) })],
  ["`clock` with", () => retry(() => 1, { clock: loose({ now: () => 0 }) })],
  ["in the options of `mapLimit`", () => mapLimit([1], 1, () => 1, loose({ maxAhead: 1 }))],
  ["`onProgress` as", () => mapLimit([1], 1, () => 1, { onProgress: loose("log") })],
  ["in the options of `mapLimitStream`", () => mapLimitStream([1], 1, () => 1, loose({ x: 1 }))],
  ["the options of `redisBackend`", () => redisBackend(loose(URL_WITH_PASSWORD))],
  ["`connection` as BullMQ", () => redisBackend({ connection: loose(URL_WITH_PASSWORD) })],
  ["what `connectRedis` makes", () => redisBackend({ connection: loose({ send() {}, run() {} }) })],
  ["connection, prefix in", () => redisBackend(loose({ connection: {}, prefx: "shop" }))],
  ["the options of `postgresBackend`", () => postgresBackend(loose("postgres://user:secret@h"))],
  ["is DATABASE_URL set?", () => postgresBackend({ connectionString: undefined })],
  ["attempts, backoff", () => job(loose({ atempts: 5 }))],
  ["the options of `backoff`", () => job({ backoff: loose("exponential") })],
  ["`dedupe` as a function", () => job({ dedupe: loose("to") })],
  ["completed, failed", () => job({ keep: loose({ count: 5 }) })],
  ["`backend` as `redisBackend(…)`", () => defineJobs({}, loose({}))],
  ["`backend` as `redisBackend(…)`", () => defineJobs({}, { backend: loose(URL_WITH_PASSWORD) })],
  ["kinds of jobs", () => defineJobs(loose(undefined), { backend })],
  ["backend, namePrefix", () => defineJobs({}, loose({ backend, prefix: "shop-" }))],
  ["`namePrefix` as text", () => defineJobs({}, { backend, namePrefix: loose(5) })],
  ["handlers by the names", () => jobs.work(loose(undefined))],
  ["concurrency, lock", () => jobs.work({ mail: () => {} }, loose({ concurency: 5 }))],
  ["`concurrency` as", () => jobs.work({ mail: () => {} }, { concurrency: loose("5") })],
  ["a pool with `query`", () => jobs.drainOutbox(loose(undefined), loose({}))],
  ["`signal` of an AbortController", () => jobs.drainOutbox(database, loose({}))],
  ["delay, priority", () => jobs.mail.add(data, loose({ dely: "5m" }))],
  ["`tx` as", () => jobs.mail.add(data, { tx: loose(5) })],
  ["`jobs` as a list", () => jobs.mail.addMany(loose(data))],
  ["`{ cron:", () => jobs.mail.schedule("daily", loose("0 9 * * *"), data)],
  ["cron, timeZone, every", () => jobs.mail.schedule("a", loose({ every: "1h", at: 1 }), data)],
])("Expected %s …", async (expected, call) => {
  const { code, message } = await errorOf(call);
  expect(code).toBe("UPSHIFT_INVALID_ARGUMENT");
  expect(message).toContain(expected);
  expect(message).not.toContain("secret");
});
