import { createSimulatedClock } from "@upshift/foundation/testing";
import { redisContract } from "../../test/redis-contract/redis-contract.ts";
import { createMemoryRedisServer } from "./memory-redis-server.ts";

const clock = createSimulatedClock();
const server = createMemoryRedisServer({ clock });

redisContract("the in-memory Redis", {
  connect: () => server.connect(),
  elapse: (ms) => clock.advance(ms),
});
