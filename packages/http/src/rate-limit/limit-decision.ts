/** What is used of a `rateLimit` of `@upshift/redis`. */
export interface RequestLimit {
  take(key: string, cost?: number): Promise<LimitDecision>;
}

/** What is used of its decisions. */
export interface LimitDecision {
  readonly isAllowed: boolean;
  /** The policy that refused, or else the one with the least left. */
  readonly policy: string;
  readonly remaining: number;
  readonly retryAfterMs: number;
  readonly resetAfterMs: number;
  readonly policies: readonly LimitPolicyState[];
  readonly decidedBy: "store" | "denial-cache" | "local" | "open" | "closed";
}

export interface LimitPolicyState {
  readonly name: string;
  readonly limit: number;
  readonly windowMs: number;
  readonly remaining: number;
  readonly retryAfterMs: number;
  readonly resetAfterMs: number;
}
