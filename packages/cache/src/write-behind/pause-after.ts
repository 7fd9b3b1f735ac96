/** The pause after a failure, `failureCount` from 1: doubled each time up to the longest, and shortened at random by up to a half. */
export function pauseAfterMs(
  { minMs, maxMs }: { readonly minMs: number; readonly maxMs: number },
  failureCount: number,
  random: number,
): number {
  const fullMs = Math.min(maxMs, minMs * 2 ** Math.min(failureCount - 1, 30));
  return Math.ceil(fullMs * (1 - random / 2));
}
