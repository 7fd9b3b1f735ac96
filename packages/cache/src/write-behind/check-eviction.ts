import type { CommandTarget, Redis, WaitOptions } from "@upshift/redis";
import { WriteBehindEvictingError } from "./write-behind-errors.ts";

/**
 * Looks at every master. One that does not say what it evicts is taken not to.
 *
 * @throws {WriteBehindEvictingError}
 */
export async function checkEviction(
  redis: Redis,
  accepted: "noeviction" | "volatile",
  options?: WaitOptions,
): Promise<void> {
  const masters = await redis.masters();
  await Promise.all(masters.map((master) => checkMaster(master, accepted, options)));
}

async function checkMaster(
  master: CommandTarget,
  accepted: "noeviction" | "volatile",
  options?: WaitOptions,
): Promise<void> {
  const info = String(await master.send(["INFO", "memory"], { ...options, key: null }));
  const maxmemoryBytes = Number(/^maxmemory:(\d+)/m.exec(info)?.[1] ?? 0);
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? "noeviction";
  const isAccepted =
    policy === "noeviction" || (accepted === "volatile" && policy.startsWith("volatile-"));
  if (maxmemoryBytes > 0 && !isAccepted) throw new WriteBehindEvictingError(policy, maxmemoryBytes);
}
