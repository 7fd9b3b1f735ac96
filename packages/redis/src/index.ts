export { connectRedis, type ConnectRedisOptions } from "./connect/connect-redis.ts";
export type {
  Argument,
  CommandOptions,
  CommandTarget,
  ConnectionWatcher,
  DedicatedConnection,
  Redis,
  RedisGauges,
  Reply,
  Subscriber,
  Subscription,
  WaitOptions,
} from "./redis.ts";
export {
  RedisClientMissingError,
  RedisConnectionLostError,
  RedisReplyError,
  RedisTimeoutError,
  RedisUnavailableError,
} from "./redis-errors.ts";
export { defineScript, type Script } from "./script.ts";
