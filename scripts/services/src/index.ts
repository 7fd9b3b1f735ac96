export { bringChromium } from "./bring-chromium.ts";
export { bringPgBouncer } from "./bring-pgbouncer.ts";
export { bringPostgresMajor } from "./bring-postgres.ts";
export { bringRedis } from "./bring-redis.ts";
export { bringPrisma, type PrismaFixture } from "./bring-prisma.ts";
export { bringWrk } from "./bring-wrk.ts";
export { componentSkips, type ComponentSkips } from "./component-skips.ts";
export { databaseUrl } from "./database-url.ts";
export { findProgram } from "./find-program.ts";
export { freePort } from "./free-port.ts";
export { leftBehind } from "./left-behind.ts";
export { type PostgresMajor } from "./postgres-binaries.ts";
export { ServiceFailedError, ServiceUnavailableError } from "./services-errors.ts";
export {
  type PgBouncerServer,
  startPgBouncer,
  type StartPgBouncerOptions,
} from "./start-pgbouncer.ts";
export { type PostgresServer, startPostgres, type StartPostgresOptions } from "./start-postgres.ts";
export { type RedisServer, startRedis, type StartRedisOptions } from "./start-redis.ts";
export {
  type RedisCluster,
  startRedisCluster,
  type StartRedisClusterOptions,
} from "./start-redis-cluster.ts";
export { startReplica, type StartReplicaOptions } from "./start-replica.ts";
export { startTcpProxy, type StartTcpProxyOptions, type TcpProxy } from "./start-tcp-proxy.ts";
export {
  createTestDatabase,
  type TestDatabase,
  type TestTemplate,
  testServerUrl,
} from "./test-database.ts";
