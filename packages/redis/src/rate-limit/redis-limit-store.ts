import type { Redis } from "../redis.ts";
import type { Charge, LimitStore } from "./limit-store.ts";
import type { Policy } from "./policy.ts";
import { CHARGE } from "./rate-limit-script.ts";

interface Request {
  readonly key: string;
  readonly cost: number;
  resolve(charge: Charge): void;
  reject(error: unknown): void;
}

/** A script holds the server for its time, half a millisecond for so many; and while it is at one batch, this process works on the replies of another. */
const LARGEST_BATCH = 128;

/**
 * Counts in Redis. Calls of one turn of the event loop travel as one script call; in a cluster as one per key, because keys live on different nodes.
 *
 * @param timeoutMs - of each batch
 */
export function redisLimitStore(
  redis: Redis,
  policies: readonly Policy[],
  timeoutMs: number,
): LimitStore {
  const policyArgs = [
    policies.length,
    ...policies.flatMap(({ intervalUs, capacityUs }) => [intervalUs, capacityUs]),
  ];
  const width = policies.length + 1;
  let waiting: Request[] = [];

  const send = async (requests: readonly Request[]): Promise<void> => {
    const positions = new Map<string, number>();
    const args: number[] = [...policyArgs];
    for (const { key, cost } of requests) {
      let position = positions.get(key);
      if (position === undefined) positions.set(key, (position = positions.size + 1));
      args.push(position, cost);
    }
    try {
      const reply = await redis.run(CHARGE, [...positions.keys()], args, { timeoutMs });
      const numbers = Array.isArray(reply) ? reply : [];
      let at = 0;
      for (const request of requests) {
        const debtsUs: number[] = [];
        for (let policy = 1; policy < width; policy++) debtsUs.push(Number(numbers[at + policy]));
        request.resolve({ isAllowed: Number(numbers[at]) === 1, debtsUs });
        at += width;
      }
    } catch (error) {
      for (const request of requests) request.reject(error);
    }
  };
  const flush = (): void => {
    const requests = waiting;
    waiting = [];
    if (redis.kind === "cluster") {
      for (const group of groupByKey(requests)) void send(group);
      return;
    }
    for (let start = 0; start < requests.length; start += LARGEST_BATCH)
      void send(requests.slice(start, start + LARGEST_BATCH));
  };

  return {
    charge: (_policies, key, cost, options) =>
      new Promise((resolve, reject) => {
        if (options?.signal?.aborted === true) {
          reject(options.signal.reason);
          return;
        }
        waiting.push({ key, cost, resolve, reject });
        // After the poll phase: requests that arrived on different sockets share the batch.
        if (waiting.length === 1) setImmediate(flush);
      }),
    reset: async (key, options) => void (await redis.send(["UNLINK", key], options)),
  };
}

function groupByKey(requests: readonly Request[]): Iterable<readonly Request[]> {
  const groups = new Map<string, Request[]>();
  for (const request of requests) {
    const group = groups.get(request.key);
    if (group === undefined) groups.set(request.key, [request]);
    else group.push(request);
  }
  return groups.values();
}
