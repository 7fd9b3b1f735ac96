import { type PgDriver, pgDriver } from "./pg-driver.ts";
import type { Pool } from "./pool.ts";
import { type PoolOptions, resolvePoolOptions, type ServerAddress } from "./pool-options.ts";
import { createReplicaSet, type Replica } from "./replica-set.ts";
import { createReplicaState } from "./replica-state.ts";
import { serverConfig, serverName } from "./server-name.ts";
import { openServerPool, type ServerPool } from "./server-pool.ts";
import { ServersPool } from "./servers-pool.ts";
import { createWalTimeline } from "./wal-timeline.ts";

/**
 * Connections to PostgreSQL with every limit set: how many, how long to wait for one, how long a statement, a lock, an idle transaction and a
 * silent connection may take. Nothing that ends a connection ends the process.
 *
 * Nothing is connected before it is needed. `pg` is needed at once.
 *
 * @throws {InvalidArgumentError}
 * @throws {MissingDriverError}
 */
export function createPool<Driver extends PgDriver>(
  options: PoolOptions<Driver> & { readonly driver: Driver },
): Pool<InstanceType<Driver["Pool"]>>;
export function createPool(options?: PoolOptions): Pool;
export function createPool(options: PoolOptions = {}): Pool {
  const settings = resolvePoolOptions(options);
  const driver = pgDriver(options.driver);
  const open = (
    address: ServerAddress | undefined,
    option: string,
    onLost?: () => void,
  ): ServerPool => {
    const config = serverConfig(address);
    const name = serverName(driver, config, option);
    return openServerPool({ driver, config, name, settings, ...(onLost && { onLost }) });
  };
  const primary = open(options.primary, "primary");
  const replicas = (options.replicas ?? []).map((address, index): Replica => {
    const replica: Replica = {
      state: createReplicaState(settings),
      server: open(address, `replicas[${index}]`, () => set.suspect(replica)),
    };
    return replica;
  });
  const set = createReplicaSet({ primary, replicas, timeline: createWalTimeline(), settings });
  return new ServersPool(primary, set, settings);
}
