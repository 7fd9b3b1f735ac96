export interface Backoff {
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

/**
 * How long to wait before attempt number `attempt`, 0-based: anything from 0 to the doubled delay ("full jitter"), so that the clients of a server that comes back do
 * not come back together.
 *
 * Source: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015
 */
export function backoffMs(backoff: Backoff, attempt: number, random: number): number {
  const ceilingMs = Math.min(backoff.maxDelayMs, backoff.minDelayMs * 2 ** Math.min(attempt, 30));
  return random * ceilingMs;
}
