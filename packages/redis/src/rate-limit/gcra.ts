import type { Policy } from "./policy.ts";

/**
 * The generic cell rate algorithm over several policies: all are charged or none is.
 *
 * Each policy has a theoretical arrival time (TAT): when everything that was taken will be paid back. Taking `cost` moves it on by `cost` intervals, and is allowed while it lies
 * no further ahead than the capacity. One that does all the same, since the clock was set back or the policy was larger, is brought back to it. The scripts in `rate-limit-script.ts` do this.
 *
 * @param tatsUs - one per policy, changed in place
 * @param cost - above 0 takes, below 0 gives back, 0 only looks
 * @returns whether it was allowed
 * Source: ITU-T I.371 (03/2004), annex A, virtual scheduling.
 */
export function charge(
  policies: readonly Policy[],
  tatsUs: number[],
  nowUs: number,
  cost: number,
): boolean {
  for (const [index, { capacityUs }] of policies.entries())
    tatsUs[index] = Math.min(tatsUs[index] ?? 0, nowUs + capacityUs);
  const charged = policies.map(({ intervalUs }, index) =>
    Math.max(nowUs, Math.max(nowUs, tatsUs[index] ?? 0) + cost * intervalUs),
  );
  const isAllowed =
    cost <= 0 ||
    policies.every(({ capacityUs }, index) => (charged[index] ?? 0) - nowUs <= capacityUs);
  if (isAllowed && cost !== 0) tatsUs.splice(0, tatsUs.length, ...charged);
  return isAllowed;
}
