export { cached, type CachedHonoContext } from "../cached/adapters/hono.ts";
export { type HonoContextLike, requestFacts, send, writePlanned } from "./hono-context.ts";
