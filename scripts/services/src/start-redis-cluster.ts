import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "./free-port.ts";
import { type RedisServer, startRedis } from "./start-redis.ts";

/** A real Redis Cluster on 127.0.0.1: `masters[i]` is replicated by `replicas[i]`, until one fails over. */
export interface RedisCluster {
  readonly masters: readonly RedisServer[];
  readonly replicas: readonly RedisServer[];
  readonly nodes: readonly { readonly host: "127.0.0.1"; readonly port: number }[];
  /** Resolves when every slot is served and every node agrees. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

export interface StartRedisClusterOptions {
  /** Lines of redis.conf of every node. A master is taken for dead after `cluster-node-timeout`, 1500 ms here. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

const MASTER_COUNT = 3;
const SLOT_COUNT = 16_384;
/** The cluster bus listens 10,000 above the port, so the port must be below this. */
const HIGHEST_PORT = 55_535;
const POLL_MS = 50;
const READY_TIMEOUT_MS = 30_000;

/**
 * Starts 3 masters and 3 replicas from the same program.
 *
 * @throws {ServiceUnavailableError} when no program is there and none can be brought
 * @throws {ServiceFailedError} when a node does not start
 */
export async function startRedisCluster(
  options: StartRedisClusterOptions = {},
): Promise<RedisCluster> {
  const servers: RedisServer[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  try {
    while (servers.length < 2 * MASTER_COUNT) servers.push(await startNode(options));
    const masters = servers.slice(0, MASTER_COUNT);
    const replicas = servers.slice(MASTER_COUNT);
    await join(masters, replicas);
    const ready = (): Promise<void> => untilReady(servers, options.signal);
    await ready();
    return {
      masters,
      replicas,
      nodes: servers.map(({ port }) => ({ host: "127.0.0.1", port })),
      ready,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startNode({ settings, signal }: StartRedisClusterOptions): Promise<RedisServer> {
  return await startRedis({
    settings: {
      "cluster-enabled": "yes",
      "cluster-node-timeout": "1500",
      // A replica must not refuse to stand in because its last word from the master is a moment old.
      "cluster-replica-validity-factor": "0",
      "repl-diskless-sync-delay": "0",
      ...settings,
    },
    ...(signal === undefined ? {} : { signal }),
    port: await clusterPort(),
  });
}

async function clusterPort(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (port <= HIGHEST_PORT) return port;
  }
}

async function join(
  masters: readonly RedisServer[],
  replicas: readonly RedisServer[],
): Promise<void> {
  const [first, ...others] = [...masters, ...replicas];
  for (const [index, master] of masters.entries()) {
    const from = Math.floor((index * SLOT_COUNT) / MASTER_COUNT);
    const to = Math.floor(((index + 1) * SLOT_COUNT) / MASTER_COUNT) - 1;
    await must(master, "CLUSTER", "ADDSLOTSRANGE", String(from), String(to));
    await must(master, "CLUSTER", "SET-CONFIG-EPOCH", String(index + 1));
  }
  for (const other of others)
    await must(other, "CLUSTER", "MEET", "127.0.0.1", String(first?.port));
  for (const [index, replica] of replicas.entries()) {
    const id = (await masters[index]?.command("CLUSTER", "MYID"))?.split("\r\n")[1] ?? "";
    // A node can be followed once gossip has made it known.
    while ((await replica.command("CLUSTER", "REPLICATE", id)) !== "+OK") await delay(POLL_MS);
  }
}

async function must(server: RedisServer, ...args: readonly [string, ...string[]]): Promise<void> {
  const reply = await server.command(...args);
  if (reply.startsWith("-")) throw new Error(`${args.slice(0, 2).join(" ")}: ${reply}`);
}

/** Each living node sees a whole cluster, and each slot has a replica that is in sync. */
async function untilReady(
  servers: readonly RedisServer[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const giveUpAtMs = Date.now() + READY_TIMEOUT_MS;
  for (const server of servers) {
    for (;;) {
      signal?.throwIfAborted();
      const info = await server.command("CLUSTER", "INFO").catch(() => "");
      const nodes = await server.command("CLUSTER", "NODES").catch(() => "");
      const replication = await server.command("INFO", "replication").catch(() => "");
      const isWhole =
        info.includes("cluster_state:ok") &&
        (nodes.match(/ (?:myself,)?(?:master|slave) /g)?.length ?? 0) === servers.length &&
        (replication.includes("master_link_status:up") || replication.includes("role:master"));
      if (isWhole) break;
      if (Date.now() > giveUpAtMs) throw new Error(`the cluster is not whole:\n${info}\n${nodes}`);
      await delay(POLL_MS);
    }
  }
}
