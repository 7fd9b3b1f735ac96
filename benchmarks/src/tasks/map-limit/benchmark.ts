import { setImmediate as turn } from "node:timers/promises";
import { startRedis } from "@upshift/services";
import { mapLimit } from "@upshift/tasks";
import { Redis } from "ioredis";
import pMap from "p-map";
import { atMost, type Benchmark, type Contestant } from "../../harness/benchmark.ts";

/** One kind of work, given to both. It adds 1 to its item. */
interface Shape {
  readonly name: string;
  readonly itemCount: number;
  readonly concurrency: number;
  readonly callsPerSample: number;
  readonly work: (item: number) => Promise<number>;
}

const resolved = async (item: number): Promise<number> => item + 1;

const MANY_RESOLVED: Shape = {
  name: "1,000 promises that are resolved",
  itemCount: 1_000,
  concurrency: 8,
  callsPerSample: 10,
  work: resolved,
};
const FEW_RESOLVED: Shape = {
  name: "5 promises that are resolved",
  itemCount: 5,
  concurrency: 2,
  callsPerSample: 1_000,
  work: resolved,
};
const TURNS: Shape = {
  name: "1,000 turns of the event loop",
  itemCount: 1_000,
  concurrency: 8,
  callsPerSample: 5,
  work: (item) => turn(item + 1),
};

/** What keeping work under a limit costs beside the work itself. */
export const benchmark: Benchmark = {
  name: "tasks/map-limit",
  title: "Many items under a limit: mapLimit beside p-map",
  async prepare({ signal, note }) {
    note("starting Redis");
    const server = await startRedis({ signal });
    const redis = new Redis(server.port, "127.0.0.1");
    const roundTrips: Shape = {
      name: "500 round trips to Redis",
      itemCount: 500,
      concurrency: 16,
      callsPerSample: 5,
      work: async (item) => Number(await redis.get(String(item))) + 1,
    };
    for (let item = 0; item < roundTrips.itemCount; item++) await redis.set(String(item), item);
    const shapes = [MANY_RESOLVED, FEW_RESOLVED, TURNS, roundTrips];
    return {
      rounds: 60,
      contestants: [
        ...pairOf(MANY_RESOLVED),
        ...pairOf(FEW_RESOLVED),
        ...pairOf(TURNS),
        ...pairOf(roundTrips),
      ],
      claims: (samples) =>
        shapes.map((shape) =>
          atMost(
            `mapLimit takes at most the CPU time of p-map over ${shape.name}`,
            1,
            samples.cpuRatio(`mapLimit, ${shape.name}`, `p-map, ${shape.name}`).median,
          ),
        ),
      async close() {
        redis.disconnect();
        await server.stop();
      },
    };
  },
};

function pairOf(shape: Shape): readonly [Contestant, Contestant] {
  const { callsPerSample, concurrency, work } = shape;
  const items = Array.from({ length: shape.itemCount }, (_, item) => item);
  const check = (results: unknown): void => {
    const isRight =
      Array.isArray(results) &&
      results.length === items.length &&
      results.every((result, item) => result === item + 1);
    if (!isRight) throw new Error("results are missing or out of order");
  };
  return [
    {
      label: `mapLimit, ${shape.name}`,
      callsPerSample,
      run: () => mapLimit(items, concurrency, (item) => work(item)),
      check,
    },
    {
      label: `p-map, ${shape.name}`,
      callsPerSample,
      run: () => pMap(items, (item) => work(item), { concurrency }),
      check,
    },
  ];
}
