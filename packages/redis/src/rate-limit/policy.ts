import {
  type Duration,
  InvalidArgumentError,
  kindOf,
  refuseUnknown,
  toMs,
} from "@upshift/foundation";

/** `'100/1m'`, or the same with its parts apart. */
export type PolicyInput =
  | string
  | {
      /** How many per window in the long run. */
      readonly limit: number;
      readonly window: Duration;
      /** How many at once after a quiet time. Default is `limit`. */
      readonly burst?: number;
    };

/** One quota, as the algorithm counts it. */
export interface Policy {
  readonly name: string;
  readonly limit: number;
  readonly windowMs: number;
  readonly burst: number;
  /** What one costs: the window divided by the limit, in whole microseconds, rounded up so that the limit is never passed. */
  readonly intervalUs: number;
  /** What can be spent at once: `burst` intervals. */
  readonly capacityUs: number;
}

const PARTS = new Set(["limit", "window", "burst"]);
const US_PER_MS = 1_000;

/** Named quotas in the order in which they were given. @throws {InvalidArgumentError} */
export function parsePolicies(
  policies: Readonly<Record<string, PolicyInput>>,
): readonly [Policy, ...Policy[]] {
  if (kindOf(policies) !== "an object")
    throw new InvalidArgumentError("`policies` as quotas by name, { burst: '100/1m' }", policies);
  const [first, ...others] = Object.entries(policies).map(([name, input]) => parse(name, input));
  if (first === undefined) throw new InvalidArgumentError("`policies` with at least one", "none");
  return [first, ...others];
}

function parse(name: string, input: PolicyInput): Policy {
  // It becomes a string of a structured header field: RFC 9651 section 3.3.3 has visible ASCII and space.
  if (!/^[\x20-\x7e]+$/.test(name))
    throw new InvalidArgumentError("policy names of visible ASCII characters", name);
  if (typeof input !== "string") refuseUnknown(`policies.${name}`, input, PARTS);
  const { limit, window, burst = limit } = typeof input === "string" ? split(name, input) : input;
  const windowMs = toMs(window, `policies.${name}.window`);
  for (const [what, value] of Object.entries({ limit, burst })) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new InvalidArgumentError(`\`policies.${name}.${what}\` as an integer >= 1`, value);
  }
  const intervalUs = Math.ceil((windowMs * US_PER_MS) / limit);
  const capacityUs = intervalUs * burst;
  if (intervalUs < 1 || capacityUs > Number.MAX_SAFE_INTEGER / 4)
    throw new InvalidArgumentError(`a window of \`policies.${name}\` that can be counted`, window);
  return { name, limit, windowMs, burst, intervalUs, capacityUs };
}

function split(name: string, text: string): { limit: number; window: string; burst?: number } {
  const match = /^\s*(\d+)\s*\/\s*(.+)$/.exec(text);
  if (match === null)
    throw new InvalidArgumentError(`\`policies.${name}\` like '100/1m' or { limit, window }`, text);
  const [, limit = "", window = ""] = match;
  return { limit: Number(limit), window };
}
