export { loadStore, type LoadProgress, type LoadStoreOptions } from "./load-store.ts";
export { storeSize, type StoreSize } from "./store-size.ts";
