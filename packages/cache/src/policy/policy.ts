import {
  type Duration,
  InvalidArgumentError,
  kindOf,
  refuseUnknown,
  toMs,
} from "@upshift/foundation";

/** How one kind of data is kept. Every field has a default; a definition's own come first, then those of its policy, then the cache's. */
export interface PolicyOptions {
  /** How long a value is fresh. Default is 5 minutes. */
  readonly ttl?: Duration;
  /** How long a value may stay in memory before Redis is asked again; never longer than it is fresh. `0` keeps it out of memory. Default: as long as it is fresh. */
  readonly l1Ttl?: Duration;
  /** For a load that returns `undefined`: how long "there is none" is kept. `0` does not keep it. Default: 30 s, or `ttl` where that is shorter. */
  readonly absentTtl?: Duration;
  /** Shortens each `ttl` by a random share up to this one, so that what was stored together does not end together. 0 to 1; default 0.05. */
  readonly jitter?: number;
  /** Ends a value that nobody has read for so long; `ttl` bounds it from above. Default: none. */
  readonly sliding?: Duration;
  /** How long after `ttl` a value is still given out at once while one load brings a new one. Default: 0. */
  readonly staleFor?: Duration;
  /** How long after `ttl` a value is kept for when the loader fails or is slow. Default: `staleFor`. */
  readonly failSafeFor?: Duration;
  /** After a failure, how long the stale value is given out before the loader is tried again. Default is 30 s. */
  readonly failSafeThrottle?: Duration;
  /** Share of `ttl` after which a read starts a load in the background. 0 to 1; default: none. */
  readonly refreshAt?: number;
  /** XFetch: reads start a load early with a chance that grows as the end comes near and with how long loads take; 1 is usual. Default: none. */
  readonly earlyRefreshBeta?: number;
  readonly loadTimeout?: {
    /** After this a stale value is given out, if there is one, while the load goes on. Default: none. */
    readonly soft?: Duration;
    /** After this the load is aborted. Default is 10 s. */
    readonly hard?: Duration;
  };
  /**
   * One load per key among all processes: for how long a process that loads keeps others waiting after it was last heard of, or `false` for one load per process. Renewed
   * while the load runs. Default is 5 s.
   */
  readonly lease?: Duration | false;
  /** How long a read waits for the load of another process before it loads itself. Default: half of `loadTimeout.hard`. */
  readonly leaseWait?: Duration;
  /** `strict`: an invalidation is answered when no process can give out the old value any more. Default is `eventual`. */
  readonly consistency?: "eventual" | "strict";
  /** What readers get: the object in memory itself, that object frozen all the way down, or a copy for each. Default is `shared`. */
  readonly results?: "shared" | "frozen" | "cloned";
}

export interface Policy {
  readonly ttlMs: number;
  readonly memoryTtlMs: number;
  readonly absentTtlMs: number;
  readonly jitterRatio: number;
  readonly slidingMs: number | undefined;
  readonly staleForMs: number;
  /** From the end of `ttlMs` to the end of all use. */
  readonly keepForMs: number;
  readonly throttleMs: number;
  readonly refreshAtRatio: number | undefined;
  readonly earlyRefreshBeta: number | undefined;
  readonly softTimeoutMs: number | undefined;
  readonly hardTimeoutMs: number;
  readonly leaseMs: number | undefined;
  readonly leaseWaitMs: number;
  readonly isStrict: boolean;
  readonly results: "shared" | "frozen" | "cloned";
}

const NAMES: Readonly<Record<keyof PolicyOptions, true>> = {
  ttl: true,
  l1Ttl: true,
  absentTtl: true,
  jitter: true,
  sliding: true,
  staleFor: true,
  failSafeFor: true,
  failSafeThrottle: true,
  refreshAt: true,
  earlyRefreshBeta: true,
  loadTimeout: true,
  lease: true,
  leaseWait: true,
  consistency: true,
  results: true,
};

const LOAD_TIMEOUTS = new Set(["soft", "hard"]);

/**
 * @param name - of the definition or policy, for errors
 * @param layers - the later ones come first
 * @throws {InvalidArgumentError} for an unknown field, a share outside 0 to 1, a malformed duration, a `ttl` of 0
 */
export function resolvePolicy(name: string, layers: readonly PolicyOptions[]): Policy {
  for (const layer of layers) {
    if (kindOf(layer) !== "an object")
      throw new InvalidArgumentError(
        `the policy \`${name}\` as an object, { ttl: "10m" }`,
        kindOf(layer),
      );
    for (const field of Object.keys(layer)) {
      if (!Object.hasOwn(NAMES, field))
        throw new InvalidArgumentError(
          `one of ${Object.keys(NAMES).join(", ")} in the policy of \`${name}\``,
          field,
        );
    }
  }
  const options: PolicyOptions = Object.assign({}, ...layers.map(withoutUndefined));
  const of = (field: string): string => `${name}.${field}`;
  const ms = (field: string, value: Duration | undefined, defaultMs: number): number =>
    value === undefined ? defaultMs : toMs(value, of(field));
  const optionalMs = (field: string, value: Duration | undefined): number | undefined =>
    value === undefined ? undefined : positive(of(field), toMs(value, of(field)));
  const { loadTimeout = {} } = options;
  refuseUnknown(of("loadTimeout"), loadTimeout, LOAD_TIMEOUTS);
  const ttlMs = positive(of("ttl"), ms("ttl", options.ttl, 300_000));
  const staleForMs = ms("staleFor", options.staleFor, 0);
  const hardTimeoutMs = positive(
    of("loadTimeout.hard"),
    ms("loadTimeout.hard", loadTimeout.hard, 10_000),
  );
  const { lease = 5_000 } = options;
  return {
    ttlMs,
    memoryTtlMs: ms("l1Ttl", options.l1Ttl, Number.POSITIVE_INFINITY),
    absentTtlMs: ms("absentTtl", options.absentTtl, Math.min(ttlMs, 30_000)),
    jitterRatio: ratio(of("jitter"), options.jitter ?? 0.05),
    slidingMs: optionalMs("sliding", options.sliding),
    staleForMs,
    keepForMs: Math.max(staleForMs, ms("failSafeFor", options.failSafeFor, staleForMs)),
    throttleMs: ms("failSafeThrottle", options.failSafeThrottle, 30_000),
    refreshAtRatio:
      options.refreshAt === undefined ? undefined : ratio(of("refreshAt"), options.refreshAt),
    earlyRefreshBeta:
      options.earlyRefreshBeta === undefined
        ? undefined
        : positive(of("earlyRefreshBeta"), options.earlyRefreshBeta),
    softTimeoutMs: optionalMs("loadTimeout.soft", loadTimeout.soft),
    hardTimeoutMs,
    leaseMs: lease === false ? undefined : positive(of("lease"), toMs(lease, of("lease"))),
    leaseWaitMs: ms("leaseWait", options.leaseWait, hardTimeoutMs / 2),
    isStrict: oneOf(of("consistency"), ["eventual", "strict"], options.consistency) === "strict",
    results: oneOf(of("results"), ["shared", "frozen", "cloned"], options.results),
  };
}

function withoutUndefined(layer: PolicyOptions): PolicyOptions {
  return Object.fromEntries(Object.entries(layer).filter(([, value]) => value !== undefined));
}

function positive(name: string, value: number): number {
  if (typeof value !== "number" || !(value > 0) || !Number.isFinite(value))
    throw new InvalidArgumentError(`\`${name}\` > 0`, value);
  return value;
}

function ratio(name: string, value: number): number {
  if (typeof value !== "number" || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError(`\`${name}\` from 0 to 1`, value);
  return value;
}

/** The first is the default. */
function oneOf<const T extends string>(
  name: string,
  choices: readonly [T, ...T[]],
  value: T | undefined,
): T {
  const [first] = choices;
  if (value === undefined) return first;
  if (!choices.includes(value))
    throw new InvalidArgumentError(`\`${name}\` as one of ${choices.join(", ")}`, value);
  return value;
}
