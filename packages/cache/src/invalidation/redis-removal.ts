/** How an invalidation is brought to Redis. */
export interface RedisRemoval {
  /** Whether it is worth a try. */
  allows(): boolean;
  remove(definition: string, key: string, holdMs: number): Promise<void>;
  expire(definition: string, key: string): Promise<void>;
  removeMatching(pattern: string): Promise<void>;
}
