import { JobDataError } from "./queue-errors.ts";

/**
 * Sees that data comes out of JSON as it went in: a `Date` that a worker gets as text is a mistake that types do not show. No data at all is as good as any.
 *
 * @throws {JobDataError} with the path of what does not, or the size
 */
export function assertJobData(queue: string, data: unknown, limits: DataLimits): void {
  if (data === undefined) return;
  const { maxBytes, isKeptAsText } = limits;
  const mostBytes = boundOfBytes(data, isKeptAsText, 0);
  // The usual case ends here: the path to what is wrong is only put together when something is.
  if (mostBytes <= maxBytes) return;
  if (mostBytes === Number.POSITIVE_INFINITY)
    explain(queue, data, { path: "", above: new Set(), isKeptAsText });
  const sizeBytes = Buffer.byteLength(JSON.stringify(data));
  if (sizeBytes > maxBytes)
    throw new JobDataError(
      queue,
      "",
      `${sizeBytes} bytes as JSON, more than ${maxBytes}: pass an id, not the object`,
    );
}

export interface DataLimits {
  readonly maxBytes: number;
  /** Whether the backend keeps all that JSON can say; PostgreSQL has no NUL and no half of a surrogate pair. */
  readonly isKeptAsText: boolean;
}

/** Deeper is most often what holds itself; and JSON is written and read by recursion. */
const DEEPEST = 100;
/** `"\u0000"` for one character. */
const BYTES_PER_CHARACTER = 6;
/** `-1.2345678901234567e-300`, and also `false`. */
const BYTES_OF_NUMBER = 25;
/** Brackets, a comma, a colon. */
const BYTES_AROUND = 4;

/** @returns what it takes as JSON at most; infinity when JSON, or the backend, would change it */
function boundOfBytes(value: unknown, isKeptAsText: boolean, depth: number): number {
  if (typeof value === "string") {
    if (!isKeptAsText && isRefusedByPostgres(value)) return Number.POSITIVE_INFINITY;
    return BYTES_PER_CHARACTER * value.length + BYTES_AROUND;
  }
  if (typeof value === "number")
    return Number.isFinite(value) ? BYTES_OF_NUMBER : Number.POSITIVE_INFINITY;
  if (value === null || typeof value === "boolean") return BYTES_OF_NUMBER;
  if (typeof value !== "object" || depth >= DEEPEST) return Number.POSITIVE_INFINITY;
  let sum = BYTES_AROUND;
  if (Array.isArray(value)) {
    for (const each of value) sum += boundOfBytes(each, isKeptAsText, depth + 1) + BYTES_AROUND;
    return sum;
  }
  if (!isPlain(value)) return Number.POSITIVE_INFINITY;
  for (const [key, each] of Object.entries(value)) {
    // As JSON does, and as optional fields mean it.
    if (each === undefined) continue;
    sum += boundOfBytes(key, isKeptAsText, depth + 1) + boundOfBytes(each, isKeptAsText, depth + 1);
  }
  return sum;
}

/** Where a walk is. */
interface Place {
  readonly path: string;
  readonly above: ReadonlySet<object>;
  readonly isKeptAsText: boolean;
}

/** @throws {JobDataError} for the first thing that is wrong */
function explain(queue: string, value: unknown, place: Place): void {
  const { path, above, isKeptAsText } = place;
  if (value === null || typeof value === "boolean") return;
  if (typeof value === "string") {
    if (isKeptAsText || !isRefusedByPostgres(value)) return;
    throw new JobDataError(
      queue,
      path,
      "PostgreSQL keeps no text with a NUL or half a surrogate pair",
    );
  }
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new JobDataError(queue, path, "JSON has no NaN or Infinity");
    return;
  }
  if (typeof value !== "object") throw new JobDataError(queue, path, `JSON has no ${typeof value}`);
  if (above.has(value)) throw new JobDataError(queue, path, "it holds itself");
  if (above.size >= DEEPEST)
    throw new JobDataError(queue, path, `deeper than ${DEEPEST} levels: pass an id, not the tree`);
  const below = new Set([...above, value]);
  if (Array.isArray(value)) {
    for (const [index, each] of value.entries())
      explain(queue, each, { path: `${path}[${index}]`, above: below, isKeptAsText });
    return;
  }
  if (!isPlain(value))
    throw new JobDataError(
      queue,
      path,
      `a ${nameOf(value)} does not come back from JSON; pass it as text or a plain object`,
    );
  for (const [key, each] of Object.entries(value)) {
    if (each === undefined) continue;
    explain(queue, key, { path: `${path} (a key)`, above: below, isKeptAsText });
    explain(queue, each, { path: `${path}.${key}`, above: below, isKeptAsText });
  }
}

/** A half of a surrogate pair, or the character that its text cannot hold. */
export function isRefusedByPostgres(text: string): boolean {
  return text.includes("\0") || /[\ud800-\udfff]/u.test(text);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function nameOf(value: object): string {
  return value.constructor?.name ?? "class instance";
}
