import { startPostgres, startRedis } from "@upshift/services";
import {
  defineJobs,
  job,
  type JobBackend,
  postgresBackend,
  redisBackend,
} from "@upshift/tasks/queue";
import { Queue, Worker } from "bullmq";
import { atMost, type Benchmark, type Contestant } from "../../harness/benchmark.ts";

const JOBS_PER_SAMPLE = 400;
const BARE = "bare BullMQ on Redis";
const OURS = "upshift on Redis";
const BARE_BULK = "bare BullMQ on Redis, 1 KB, in bulk";
const OURS_BULK = "upshift on Redis, 1 KB, in bulk";
const POSTGRES = "upshift on PostgreSQL";

/** How jobs are added and run. */
interface Load {
  readonly concurrency: number;
  /** Text in the data of each job. */
  readonly text: string;
  /** All in one call, or one call for each. */
  readonly isBulk: boolean;
}
const SINGLE: Load = { concurrency: 20, text: "", isBulk: false };
const BULK: Load = { concurrency: 64, text: "x".repeat(1_000), isBulk: true };

/** What the typed wrapper adds to a job, from `add` to its end, in the process that does both; both sides retry alike and keep as many ended jobs. */
export const benchmark: Benchmark = {
  name: "tasks/queue",
  title: `${JOBS_PER_SAMPLE} jobs that do nothing, added and run in one process`,
  async prepare({ signal, note }) {
    const redis = await startRedis({ signal });
    note("starting PostgreSQL");
    const server = await startPostgres({ signal });
    const connection = { port: redis.port, maxRetriesPerRequest: null };
    const backend = redisBackend({ connection });
    const inPostgres = postgresBackend({ connectionString: server.url() });
    const queues: readonly [string, MeasuredQueue][] = [
      [BARE, await bareQueue(connection, "bare", SINGLE)],
      [OURS, await wrapped(backend, "ours-", SINGLE)],
      [BARE_BULK, await bareQueue(connection, "bare-bulk", BULK)],
      [OURS_BULK, await wrapped(backend, "ours-bulk-", BULK)],
    ];
    const postgres = await wrapped(inPostgres, "", SINGLE);
    return {
      rounds: 30,
      contestants: [
        contestant(POSTGRES, postgres, 1),
        ...queues.map(([label, queue]) => contestant(label, queue)),
      ],
      claims: (samples) => [
        atMost("CPU of a job beside bare BullMQ", 1.1, samples.cpuRatio(OURS, BARE).median),
        atMost(
          "CPU of a job of 1 KB beside bare BullMQ, added in bulk, 64 at a time",
          1.1,
          samples.cpuRatio(OURS_BULK, BARE_BULK).median,
        ),
        atMost("time of a job beside bare BullMQ", 1.1, samples.ratio(OURS, BARE).median),
      ],
      async close() {
        for (const [, queue] of queues) await queue.close();
        await postgres.close();
        await server.stop();
        await redis.stop();
      },
    };
  },
};

function contestant(label: string, queue: MeasuredQueue, callsPerSample = 3): Contestant {
  return {
    label,
    run: () => queue.addAndRun(),
    callsPerSample,
    check(result) {
      if (result !== JOBS_PER_SAMPLE) throw new Error(`${String(result)} jobs ran`);
    },
  };
}

interface MeasuredQueue {
  /** @returns how many ran */
  addAndRun(): Promise<number>;
  close(): Promise<void>;
}

/** Tells when all jobs of a sample have run. */
function countdown(): { begin(): Promise<number>; ran(): void } {
  let count = 0;
  let done: ((count: number) => void) | undefined;
  return {
    begin() {
      count = 0;
      return new Promise((resolve) => {
        done = resolve;
      });
    },
    ran() {
      count += 1;
      if (count === JOBS_PER_SAMPLE) done?.(count);
    },
  };
}

async function bareQueue(
  connection: { port: number; maxRetriesPerRequest: null },
  name: string,
  { concurrency, text, isBulk }: Load,
): Promise<MeasuredQueue> {
  const queue = new Queue(name, { connection });
  const jobs = countdown();
  const worker = new Worker(name, async () => jobs.ran(), { connection, concurrency });
  await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
  const options = {
    attempts: 3,
    backoff: { type: "exponential", delay: 1_000, jitter: 0.5 },
    removeOnComplete: { count: 1_000, age: 86_400 },
    removeOnFail: { count: 10_000, age: 1_209_600 },
  };
  const numbers = Array.from({ length: JOBS_PER_SAMPLE }, (_, n) => n);
  return {
    async addAndRun() {
      const ended = jobs.begin();
      if (isBulk)
        await queue.addBulk(
          numbers.map((n) => ({ name, data: { data: { n, text } }, opts: options })),
        );
      else await Promise.all(numbers.map((n) => queue.add(name, { data: { n, text } }, options)));
      return ended;
    },
    async close() {
      await worker.close();
      await queue.close();
    },
  };
}

async function wrapped(
  backend: JobBackend,
  namePrefix: string,
  { concurrency, text, isBulk }: Load,
): Promise<MeasuredQueue> {
  const jobs = defineJobs(
    { wrapped: job<{ n: number; text: string }>() },
    { backend, namePrefix, addTimeout: "1m" },
  );
  const count = countdown();
  const worker = jobs.work({ wrapped: async () => count.ran() }, { concurrency });
  await worker.ready();
  const numbers = Array.from({ length: JOBS_PER_SAMPLE }, (_, n) => n);
  return {
    async addAndRun() {
      const ended = count.begin();
      if (isBulk) await jobs.wrapped.addMany(numbers.map((n) => ({ data: { n, text } })));
      else await Promise.all(numbers.map((n) => jobs.wrapped.add({ n, text })));
      return ended;
    },
    async close() {
      await worker.close();
      await jobs.close();
    },
  };
}
