import type { Redis } from "../redis.ts";
import type { Charge, LimitStore } from "./limit-store.ts";
import type { Policy } from "./policy.ts";
import { chargeScript } from "./rate-limit-script.ts";

/** One call that waits for its batch. */
interface Request {
  readonly key: string;
  readonly cost: number;
  readonly resolve: (charge: Charge) => void;
  readonly reject: (error: unknown) => void;
}

/** A script holds the server for its time, some 300 µs for so many; and while it is at one batch, this process works on the replies of another. */
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
  const policyCount = policies.length;
  const script = chargeScript(policyCount);
  const policyArgs = policies.flatMap(({ intervalUs, capacityUs }) => [intervalUs, capacityUs]);
  if (policyCount > 1) policyArgs.unshift(policyCount);
  const options = { timeoutMs };
  let waiting: Request[] = [];

  const send = (requests: readonly Request[]): void => {
    const { keys, args } = toScriptCall(requests, policyArgs);
    redis.run(script, keys, args, options).then(
      (reply) => settle(requests, Array.isArray(reply) ? reply : [], policyCount),
      (error: unknown) => {
        for (const request of requests) request.reject(error);
      },
    );
  };
  const flush = (): void => {
    const requests = waiting;
    waiting = [];
    if (redis.kind === "cluster") {
      for (const group of groupByKey(requests)) send(group);
      return;
    }
    for (let start = 0; start < requests.length; start += LARGEST_BATCH)
      send(requests.slice(start, start + LARGEST_BATCH));
  };

  return {
    charge: (_policies, key, cost, call) =>
      new Promise((resolve, reject) => {
        if (call?.signal?.aborted === true) {
          reject(call.signal.reason);
          return;
        }
        waiting.push({ key, cost, resolve, reject });
        // After the poll phase: requests that arrived on different sockets share the batch.
        if (waiting.length === 1) setImmediate(flush);
      }),
    reset: async (key, call) => void (await redis.send(["UNLINK", key], call)),
  };
}

/** Every key once; positions and costs only where they say anything. */
function toScriptCall(
  requests: readonly Request[],
  policyArgs: readonly number[],
): { readonly keys: readonly string[]; readonly args: readonly number[] } {
  const positions = new Map<string, number>();
  const keys: string[] = [];
  const args = [...policyArgs];
  let isOneOfEach = true;
  for (const { key, cost } of requests) {
    let position = positions.get(key);
    if (position === undefined) {
      position = keys.push(key);
      positions.set(key, position);
    } else isOneOfEach = false;
    if (cost !== 1) isOneOfEach = false;
    args.push(position, cost);
  }
  return { keys, args: isOneOfEach ? policyArgs : args };
}

function settle(
  requests: readonly Request[],
  numbers: readonly unknown[],
  policyCount: number,
): void {
  let at = 0;
  for (const request of requests) {
    const first = Number(numbers[at]);
    const isAllowed = first >= 0;
    const debtsUs = [isAllowed ? first : -1 - first];
    for (let policy = 1; policy < policyCount; policy++) debtsUs.push(Number(numbers[at + policy]));
    request.resolve({ isAllowed, debtsUs });
    at += policyCount;
  }
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
