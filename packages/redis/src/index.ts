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
} from "./redis.ts";
export { RedisReplyError, RedisTimeoutError, RedisUnavailableError } from "./redis-errors.ts";
export { defineScript, type Script } from "./script.ts";
