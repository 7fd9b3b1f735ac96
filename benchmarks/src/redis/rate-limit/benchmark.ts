import { connectRedis, type Decision, defineScript, rateLimit } from "@upshift/redis";
import { startRedis } from "@upshift/services";
import { Redis as IoRedis } from "ioredis";
import { RateLimiterRedis } from "rate-limiter-flexible";
import { atLeast, type Benchmark, type Contestant } from "../../harness/benchmark.ts";

const KEYS = 1_000;
/** Never refused: the work of a refusal is another question. */
const LIMIT = 1_000_000_000;
const WINDOW_SECONDS = 86_400;
const CALLS_PER_SAMPLE = 8_192;
const CONCURRENCIES = [64, 512] as const;

/** What a limiter costs per call when callers keep asking, beside the usual library and beside bare scripts in pipelines by hand. */
export const benchmark: Benchmark = {
  name: "redis/rate-limit",
  title: `${CALLS_PER_SAMPLE} calls of a rate limiter over ${KEYS} keys`,
  async prepare({ signal }) {
    const server = await startRedis({ signal });
    const client = new IoRedis(server.url);
    const redis = connectRedis(server.url, { client: "ioredis" });
    const limit = rateLimit(redis, {
      name: "bench",
      policies: { p: { limit: LIMIT, window: `${WINDOW_SECONDS}s` } },
      timeout: "10s",
    });
    const flexible = new RateLimiterRedis({
      storeClient: client,
      points: LIMIT,
      duration: WINDOW_SECONDS,
    });
    await client.script("LOAD", BARE.lua);
    const contestantsWith = (concurrency: number): readonly [Contestant, ...Contestant[]] => [
      {
        label: `upshift, ${concurrency} callers`,
        run: (round) =>
          callers(concurrency, async (index) => decided(await limit.take(keyOf(round, index)))),
        check: assertCalls,
      },
      {
        label: `rate-limiter-flexible, ${concurrency} callers`,
        run: (round) =>
          callers(concurrency, async (index) => {
            const { remainingPoints } = await flexible.consume(keyOf(round, index));
            if (remainingPoints < 0) throw new Error("refused");
          }),
        check: assertCalls,
      },
      {
        label: `bare EVALSHA in pipelines, ${concurrency} at once`,
        async run(round) {
          for (let start = 0; start < CALLS_PER_SAMPLE; start += concurrency) {
            const pipeline = client.pipeline();
            for (let index = start; index < start + concurrency; index++)
              pipeline.evalsha(BARE.sha, 1, `bare:${keyOf(round, index)}`, ...BARE_ARGS);
            const replies = await pipeline.exec();
            if (replies?.length !== concurrency) throw new Error("replies are missing");
          }
          return CALLS_PER_SAMPLE;
        },
        check: assertCalls,
      },
    ];
    return {
      rounds: 30,
      contestants: [...contestantsWith(64), ...contestantsWith(512)],
      claims: (samples) =>
        CONCURRENCIES.flatMap((concurrency, position) => {
          const own = `upshift, ${concurrency} callers`;
          const peer = `rate-limiter-flexible, ${concurrency} callers`;
          const bare = `bare EVALSHA in pipelines, ${concurrency} at once`;
          const target = position === 0 ? 1.3 : 2.1;
          return [
            atLeast(
              `times as fast as rate-limiter-flexible with ${concurrency} callers`,
              target,
              samples.ratio(peer, own).median,
            ),
            atLeast(
              `share of bare pipelined EVALSHA reached with ${concurrency} callers`,
              0.9,
              samples.ratio(bare, own).median,
            ),
          ];
        }),
      async close() {
        await redis.close();
        client.disconnect();
        await server.stop();
      },
    };
  },
};

/** The least that a limiter with these semantics does on the server: one policy, one key per call. */
const BARE = defineScript(
  "bare",
  `local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local tat = tonumber(redis.call('GET', KEYS[1]) or '0')
if tat < now then tat = now end
local charged = tat + tonumber(ARGV[1])
if charged - now > tonumber(ARGV[2]) then return {0, tat - now} end
redis.call('SET', KEYS[1], string.format('%.0f', charged), 'PX', math.ceil((charged - now) / 1000))
return {1, charged - now}`,
);
const BARE_ARGS = [
  Math.ceil((WINDOW_SECONDS * 1_000_000) / LIMIT),
  Math.ceil((WINDOW_SECONDS * 1_000_000) / LIMIT) * LIMIT,
] as const;

function keyOf(round: number, index: number): string {
  return `user:${(round * CALLS_PER_SAMPLE + index * 7) % KEYS}`;
}

/** So many callers, each with its next call as soon as it has an answer. */
async function callers(count: number, call: (index: number) => Promise<void>): Promise<number> {
  let next = 0;
  const run = async (): Promise<void> => {
    while (next < CALLS_PER_SAMPLE) {
      next += 1;
      await call(next);
    }
  };
  await Promise.all(Array.from({ length: count }, run));
  return next;
}

function decided({ isAllowed, decidedBy }: Decision): void {
  if (!isAllowed || decidedBy !== "store") throw new Error(`decided by ${decidedBy}`);
}

function assertCalls(result: unknown): void {
  if (result !== CALLS_PER_SAMPLE) throw new Error(`${String(result)} calls`);
}
