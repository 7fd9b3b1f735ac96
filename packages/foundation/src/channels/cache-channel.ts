/** Name of the tracing channel (`node:diagnostics_channel`) on which a cache publishes its reads, loads, writes and invalidations. */
export const CACHE_CHANNEL = "upshift:cache";

export interface CacheMessage {
  readonly operation: "get" | "load" | "set" | "invalidate";
  readonly namespace: string;
  /** Name of the definition; of an invalidation that is about several, the first. */
  readonly definition?: string;
  /** As the application made it: leave it out of what is written down, or redact it. */
  readonly key?: string;
  /**
   * Of a read, once it has ended: where the value came from. `stale`: it was past its time; `joined`: a load that was under way brought it.
   */
  outcome?: "memory" | "redis" | "load" | "joined" | "stale";
  /** Of an invalidation or a write, once it has ended. */
  status?: "applied" | "queued" | "local";
}
