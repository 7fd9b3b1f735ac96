import type { Policy } from "./policy.ts";

export interface Decision {
  readonly isAllowed: boolean;
  /** The policy that refused, or else the one with the least left. */
  readonly policy: string;
  /** How many more of cost 1 are allowed now, by the tightest policy. */
  readonly remaining: number;
  /** How long to wait until this call would be allowed; 0 when it is. */
  readonly retryAfterMs: number;
  /** When everything is paid back. */
  readonly resetAfterMs: number;
  /** The same of each policy, in their order. */
  readonly policies: readonly PolicyState[];
  /** Who decided: Redis, what this process remembered of a refusal, or `failMode`. */
  readonly decidedBy: "store" | "denial-cache" | "local" | "open" | "closed";
}

export interface PolicyState {
  readonly name: string;
  readonly limit: number;
  readonly windowMs: number;
  readonly remaining: number;
  readonly retryAfterMs: number;
  readonly resetAfterMs: number;
}

const US_PER_MS = 1_000;

/** @param asked - what would have to fit beside the debts; 0 when they hold it already */
export function decide(
  policies: readonly [Policy, ...Policy[]],
  asked: number,
  debtsUs: readonly number[],
  decidedBy: Decision["decidedBy"],
): Decision {
  // Plain loops: this runs for every call.
  const states: PolicyState[] = [];
  let { name: tightest } = policies[0];
  let remaining = Number.POSITIVE_INFINITY;
  let retryAfterMs = 0;
  let resetAfterMs = 0;
  for (const [index, policy] of policies.entries()) {
    const { intervalUs, capacityUs } = policy;
    const debtUs = debtsUs[index] ?? 0;
    const shortUs = debtUs + asked * intervalUs - capacityUs;
    const state: PolicyState = {
      name: policy.name,
      limit: policy.limit,
      windowMs: policy.windowMs,
      remaining: Math.max(0, Math.floor((capacityUs - debtUs) / intervalUs)),
      retryAfterMs: Math.max(0, Math.ceil(shortUs / US_PER_MS)),
      resetAfterMs: Math.ceil(debtUs / US_PER_MS),
    };
    const isTighter =
      state.retryAfterMs > retryAfterMs || (retryAfterMs === 0 && state.remaining < remaining);
    if (isTighter) tightest = state.name;
    remaining = Math.min(remaining, state.remaining);
    retryAfterMs = Math.max(retryAfterMs, state.retryAfterMs);
    resetAfterMs = Math.max(resetAfterMs, state.resetAfterMs);
    states.push(state);
  }
  return {
    isAllowed: retryAfterMs === 0,
    policy: tightest,
    remaining,
    retryAfterMs,
    resetAfterMs,
    policies: states,
    decidedBy,
  };
}
