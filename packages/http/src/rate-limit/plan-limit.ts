import { InvalidArgumentError, refuseUnknown } from "@upshift/foundation";
import {
  type AddressSource,
  clientAddress,
  type ClientAddressOptions,
} from "../client-address/client-address.ts";
import type { PlannedResponse } from "../planned-response.ts";
import { problem, type ProblemDetails } from "../problem/problem.ts";
import type { LimitDecision, RequestLimit } from "./limit-decision.ts";

export interface RateLimitedOptions<Request> extends ClientAddressOptions {
  /**
   * Whom a request is charged to; `undefined` for nobody, who is let through. Default is the network of {@link clientAddress}, by `trustedHops`, `header` and `v6Prefix`.
   */
  readonly key?:
    | ((request: Request) => string | undefined | Promise<string | undefined>)
    | undefined;
  /** What a request costs. Default is 1. */
  readonly cost?: number | ((request: Request) => number) | undefined;
  /** Whether allowed responses tell what is left, too. Default is `true`. */
  readonly headers?: boolean | undefined;
}

const NAMES: ReadonlySet<keyof RateLimitedOptions<never>> = new Set([
  "trustedHops",
  "header",
  "v6Prefix",
  "key",
  "cost",
  "headers",
]);

/** What is to be done with a request. */
interface LimitOutcome {
  /** For the response, whatever it is. Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** What is answered in place of the program; `undefined` when the request is allowed. */
  readonly refusal: PlannedResponse | undefined;
}

/** Decides requests of one kind. */
export type LimitCheck<Request> = (request: Request) => Promise<LimitOutcome>;

const FREE: LimitOutcome = { headers: {}, refusal: undefined };

/**
 * Decides a request by a limit: the headers of its answer, and the answer to one that is refused.
 *
 * @throws {InvalidArgumentError} when an option cannot work
 */
export function limitCheck<Request>(
  limit: RequestLimit,
  options: RateLimitedOptions<Request>,
  addressOf: (request: Request) => AddressSource | undefined,
): LimitCheck<Request> {
  if (typeof limit?.take !== "function") {
    throw new InvalidArgumentError("a limit of `rateLimit` of @upshift/redis", typeof limit);
  }
  refuseUnknown("rateLimited", options, NAMES);
  const { key, cost = 1, headers: mayTell = true, ...address } = options;
  // Refused now rather than at the first request.
  clientAddress({ headers: {}, socket: {} }, address);
  const keyOf =
    key ??
    ((request: Request): string | undefined => {
      const source = addressOf(request);
      return source === undefined ? undefined : clientAddress(source, address)?.network;
    });
  let redis: ReturnType<typeof importRedis> | undefined;
  return async (request) => {
    const whom = await keyOf(request);
    if (whom === undefined || whom === "") return FREE;
    const decision = await limit.take(whom, typeof cost === "number" ? cost : cost(request));
    redis ??= importRedis();
    const headers = headersOf(decision, (await redis).rateLimitHeaders);
    if (decision.isAllowed) return { headers: mayTell ? headers : {}, refusal: undefined };
    return { headers, refusal: problem(refusalOf(decision), headers) };
  };
}

/** Whoever has a limit has the package; whoever has none need not. */
const importRedis = () => import("@upshift/redis");

/** `RateLimit-Policy`, `RateLimit` and `Retry-After`. */
function headersOf(
  decision: LimitDecision,
  rateLimitHeaders: (decision: LimitDecision) => object,
): Readonly<Record<string, string>> {
  const headers = Object.entries(rateLimitHeaders(decision)).flatMap(([name, value]) =>
    typeof value === "string" ? [[name.toLowerCase(), value] as const] : [],
  );
  // Nobody has counted: what is left is not known.
  const isCounted = decision.decidedBy !== "open" && decision.decidedBy !== "closed";
  return Object.fromEntries(headers.filter(([name]) => isCounted || name === "retry-after"));
}

/** Source: draft-ietf-httpapi-ratelimit-headers-10, section 6, and the IANA registry of problem types. */
function refusalOf({ decidedBy, policies, retryAfterMs }: LimitDecision): ProblemDetails {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1_000));
  if (decidedBy === "closed") {
    return {
      status: 503,
      type: "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",
      title: "Temporarily reduced capacity",
      detail: `Requests cannot be counted at the moment. Try again in ${seconds} s.`,
    };
  }
  return {
    status: 429,
    type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
    title: "Quota exceeded",
    detail: `Try again in ${seconds} s.`,
    "violated-policies": policies.filter((state) => state.retryAfterMs > 0).map(({ name }) => name),
  };
}
