export {
  createMemoryRedis,
  createMemoryRedisServer,
  type MemoryConnectOptions,
  type MemoryRedisServer,
  type MemoryRedisServerOptions,
  type PublishedMessage,
} from "../memory/memory-redis-server.ts";
