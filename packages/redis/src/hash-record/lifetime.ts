import { type Duration, InvalidArgumentError, refuseUnknown, toMs } from "@upshift/foundation";

export interface HashRecordOptions {
  /** How long a record lives after it was put, and with `sliding` after each read or write. Default: for ever. */
  readonly ttl?: Duration;
  /** Reads and writes start the time to live anew. Default is `false`. */
  readonly sliding?: boolean;
}

/** Options, read; 0 is for ever. */
interface Lifetime {
  readonly ttlMs: number;
  /** What reads and writes set. */
  readonly slideMs: number;
}

const OPTIONS: ReadonlySet<keyof HashRecordOptions> = new Set(["ttl", "sliding"]);

/** @throws {InvalidArgumentError} */
export function readLifetime(options: HashRecordOptions): Lifetime {
  refuseUnknown("hashRecord", options, OPTIONS);
  const { ttl, sliding = false } = options;
  const ttlMs = ttl === undefined ? 0 : Math.ceil(toMs(ttl, "ttl"));
  if (ttl !== undefined && ttlMs === 0)
    throw new InvalidArgumentError("`ttl` above 0, or none for ever", ttl);
  if (typeof sliding !== "boolean")
    throw new InvalidArgumentError("`sliding` as `true` or `false`", sliding);
  if (sliding && ttlMs === 0) throw new InvalidArgumentError("a `ttl` for `sliding` records", ttl);
  return { ttlMs, slideMs: sliding ? ttlMs : 0 };
}
