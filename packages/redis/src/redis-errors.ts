import { UpshiftError } from "@upshift/foundation";

/** Redis did not answer in time. Whether the command ran is unknown. */
export class RedisTimeoutError extends UpshiftError {
  readonly code = "UPSHIFT_REDIS_TIMEOUT" as const;

  constructor(command: string, timeoutMs: number) {
    super(`Redis did not answer ${command} within ${timeoutMs} ms; it may have run`, {
      details: { command, timeoutMs },
    });
  }
}

/** The connection ended after the command was sent and before it was answered. Whether the command ran is unknown. */
export class RedisConnectionLostError extends UpshiftError {
  readonly code = "UPSHIFT_REDIS_CONNECTION_LOST" as const;

  constructor(command: string, reason: string) {
    super(
      `The connection to Redis was lost before ${command} was answered: ${reason}; it may have run`,
      { details: { command, reason } },
    );
  }
}

/** There is no connection to Redis, and the command could not wait for one. It did not run. */
export class RedisUnavailableError extends UpshiftError {
  readonly code = "UPSHIFT_REDIS_UNAVAILABLE" as const;

  constructor(command: string, reason: string, cause?: unknown) {
    super(`${command} did not run on Redis: ${reason}`, {
      ...(cause === undefined ? {} : { cause }),
      details: { command, reason },
    });
  }
}

/** Redis answered with an error. `kind` is its first word: `WRONGTYPE`, `OOM`, `READONLY`, `NOSCRIPT`, `ERR`. */
export class RedisReplyError extends UpshiftError {
  readonly code = "UPSHIFT_REDIS_REPLY" as const;
  readonly kind: string;

  constructor(command: string, reply: string, cause?: unknown) {
    const kind = /^[A-Z][A-Z0-9_]*(?= |$)/.exec(reply)?.[0] ?? "ERR";
    super(`Redis refused ${command}: ${reply}`, {
      ...(cause === undefined ? {} : { cause }),
      details: { command, kind },
    });
    this.kind = kind;
  }
}

/** A client library that was asked for is not installed. */
export class RedisClientMissingError extends UpshiftError {
  readonly code = "UPSHIFT_REDIS_CLIENT_MISSING" as const;

  /** @param packages - names on npm, one of which would do */
  constructor(packages: readonly string[]) {
    const install = packages.map((name) => `\`npm install ${name}\``).join(" or ");
    super(`connectRedis needs a Redis client and found none: run ${install}`, {
      details: { packages },
    });
  }
}
