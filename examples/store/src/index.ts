export { loadStore, type LoadProgress, type LoadStoreOptions } from "./load-store.ts";
export { storeSize, type StoreSize } from "./store-size.ts";
export { createDraws, type Draws } from "./workload/draws.ts";
export { type QueryTiming, replay, type ReplayOptions } from "./workload/replay.ts";
export type { StoreQuery } from "./workload/store-query.ts";
export { storeWorkload } from "./workload/store-workload.ts";
