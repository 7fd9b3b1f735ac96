import { startRedis } from "@upshift/services";
import { parallel } from "@upshift/tasks";
import { Redis } from "ioredis";
import { atMost, type Benchmark } from "../../harness/benchmark.ts";

const ALL = "Promise.all";
const PARALLEL = "parallel";
const LIMITED = "parallel, with a deadline and a signal";
const CALLS_PER_SAMPLE = 200;

/** What names, an end at the first error and an abort cost beside bare promises. */
export const benchmark: Benchmark = {
  name: "tasks/parallel",
  title: "Four round trips to Redis side by side: parallel beside Promise.all",
  async prepare({ signal, note }) {
    note("starting Redis");
    const server = await startRedis({ signal });
    const redis = new Redis(server.port, "127.0.0.1");
    for (const name of ["user", "orders", "cart", "news"]) await redis.set(name, `of ${name}`);
    const abort = new AbortController();
    const tasks = {
      user: () => redis.get("user"),
      orders: () => redis.get("orders"),
      cart: () => redis.get("cart"),
      news: () => redis.get("news"),
    };
    return {
      rounds: 200,
      contestants: [
        {
          label: PARALLEL,
          callsPerSample: CALLS_PER_SAMPLE,
          run: () => parallel(tasks),
          check,
        },
        {
          label: ALL,
          callsPerSample: CALLS_PER_SAMPLE,
          async run() {
            const { user, orders, cart, news } = tasks;
            const results = await Promise.all([user(), orders(), cart(), news()]);
            return { user: results[0], orders: results[1], cart: results[2], news: results[3] };
          },
          check,
        },
        {
          label: LIMITED,
          callsPerSample: CALLS_PER_SAMPLE,
          run: () => parallel(tasks, { deadline: 1_000, signal: abort.signal }),
          check,
        },
      ],
      claims: (samples) => [
        atMost(
          "parallel takes at most 1.1 times the CPU time of Promise.all over round trips",
          1.1,
          samples.cpuRatio(PARALLEL, ALL).median,
        ),
      ],
      async close() {
        redis.disconnect();
        await server.stop();
      },
    };
  },
};

function check(result: unknown): void {
  const expected = '{"user":"of user","orders":"of orders","cart":"of cart","news":"of news"}';
  if (JSON.stringify(result) !== expected) throw new Error("a result is missing");
}
