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
const CONCURRENCY = 20;
const BARE = "bare BullMQ on Redis";
const OURS = "upshift on Redis";
const POSTGRES = "upshift on PostgreSQL";

/** What the typed wrapper adds to a job, from `add` to its end, in the process that does both. */
export const benchmark: Benchmark = {
  name: "tasks/queue",
  title: `${JOBS_PER_SAMPLE} jobs that do nothing, added and run in one process`,
  async prepare({ signal, note }) {
    const redis = await startRedis({ signal });
    note("starting PostgreSQL");
    const server = await startPostgres({ signal });
    const connection = { port: redis.port, maxRetriesPerRequest: null };
    const bare = await bareQueue(connection);
    const ours = await wrapped(redisBackend({ connection }));
    const inPostgres = await wrapped(postgresBackend({ connectionString: server.url() }));
    return {
      rounds: 30,
      contestants: [
        contestant(BARE, bare),
        contestant(OURS, ours),
        contestant(POSTGRES, inPostgres),
      ],
      claims: (samples) => [
        atMost("CPU of a job beside bare BullMQ", 1.1, samples.cpuRatio(OURS, BARE).median),
      ],
      async close() {
        for (const queue of [bare, ours, inPostgres]) await queue.close();
        await server.stop();
        await redis.stop();
      },
    };
  },
};

function contestant(label: string, queue: MeasuredQueue): Contestant {
  return {
    label,
    run: () => queue.addAndRun(),
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

async function bareQueue(connection: {
  port: number;
  maxRetriesPerRequest: null;
}): Promise<MeasuredQueue> {
  const queue = new Queue("bare", { connection });
  const jobs = countdown();
  const worker = new Worker("bare", async () => jobs.ran(), {
    connection,
    concurrency: CONCURRENCY,
  });
  await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
  const options = {
    attempts: 3,
    backoff: { type: "exponential", delay: 1_000, jitter: 0.5 },
    removeOnComplete: { count: 1_000, age: 86_400 },
    removeOnFail: { count: 10_000, age: 1_209_600 },
  };
  return {
    async addAndRun() {
      const ended = jobs.begin();
      await Promise.all(
        Array.from({ length: JOBS_PER_SAMPLE }, (_, n) =>
          queue.add("bare", { data: { n } }, options),
        ),
      );
      return ended;
    },
    async close() {
      await worker.close();
      await queue.close();
    },
  };
}

async function wrapped(backend: JobBackend): Promise<MeasuredQueue> {
  const jobs = defineJobs({ wrapped: job<{ n: number }>() }, { backend, addTimeout: "1m" });
  const count = countdown();
  const worker = jobs.work({ wrapped: async () => count.ran() }, { concurrency: CONCURRENCY });
  await worker.ready();
  return {
    async addAndRun() {
      const ended = count.begin();
      await Promise.all(Array.from({ length: JOBS_PER_SAMPLE }, (_, n) => jobs.wrapped.add({ n })));
      return ended;
    },
    async close() {
      await worker.close();
      await jobs.close();
    },
  };
}
