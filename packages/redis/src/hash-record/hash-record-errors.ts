import { UpshiftError } from "@upshift/foundation";

/** What is stored cannot be read as its field, or a record lacks a field that is not optional. */
export class HashFieldError extends UpshiftError {
  readonly code = "UPSHIFT_HASH_FIELD" as const;

  constructor(key: string, field: string, expected: string, cause?: unknown) {
    super(
      `Field ${JSON.stringify(field)} of ${JSON.stringify(key)} is not a ${expected}. Another program wrote it, or the schema has changed since.`,
      { cause, details: { key, field, expected } },
    );
  }
}

/** The server is too old for what was asked. */
export class RedisUnsupportedError extends UpshiftError {
  readonly code = "UPSHIFT_REDIS_UNSUPPORTED" as const;

  constructor(feature: string, since: string) {
    super(`This server has no ${feature}; Redis has it since ${since}.`, {
      details: { feature, since },
    });
  }
}
