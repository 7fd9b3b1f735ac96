import { JobDataError } from "./queue-errors.ts";

/**
 * Sees that data comes out of JSON as it went in: a `Date` that a worker gets as text is a mistake that types do not show. No data at all is as good as any.
 *
 * @throws {JobDataError} with the path of what does not, or the size
 */
export function assertJobData(queue: string, data: unknown, maxBytes: number): void {
  if (data === undefined) return;
  const mostBytes = boundOfBytes(data, 0);
  // The usual case ends here: the path to what is wrong is only put together when something is.
  if (mostBytes <= maxBytes) return;
  if (mostBytes === Number.POSITIVE_INFINITY) explain(queue, data, "", new Set(), 0);
  const sizeBytes = Buffer.byteLength(JSON.stringify(data));
  if (sizeBytes > maxBytes)
    throw new JobDataError(
      queue,
      "",
      `${sizeBytes} bytes as JSON, more than ${maxBytes}: pass an id, not the object`,
    );
}

/** Deeper is most often what holds itself; and JSON is written and read by recursion. */
const DEEPEST = 100;
/** `"\u0000"` for one character. */
const BYTES_PER_CHARACTER = 6;
/** `-1.2345678901234567e-300`, and also `false`. */
const BYTES_OF_NUMBER = 25;
/** Brackets, a comma, a colon. */
const BYTES_AROUND = 4;

/** @returns what it takes as JSON at most; infinity when JSON would change it */
function boundOfBytes(value: unknown, depth: number): number {
  if (typeof value === "string") return BYTES_PER_CHARACTER * value.length + BYTES_AROUND;
  if (typeof value === "number")
    return Number.isFinite(value) ? BYTES_OF_NUMBER : Number.POSITIVE_INFINITY;
  if (value === null || typeof value === "boolean") return BYTES_OF_NUMBER;
  if (typeof value !== "object" || depth >= DEEPEST) return Number.POSITIVE_INFINITY;
  let sum = BYTES_AROUND;
  if (Array.isArray(value)) {
    for (const each of value) sum += boundOfBytes(each, depth + 1) + BYTES_AROUND;
    return sum;
  }
  if (!isPlain(value)) return Number.POSITIVE_INFINITY;
  for (const [key, each] of Object.entries(value)) {
    // As JSON does, and as optional fields mean it.
    if (each === undefined) continue;
    sum += BYTES_PER_CHARACTER * key.length + BYTES_AROUND + boundOfBytes(each, depth + 1);
  }
  return sum;
}

function explain(
  queue: string,
  value: unknown,
  path: string,
  above: Set<object>,
  depth: number,
): void {
  if (value === null || typeof value === "string" || typeof value === "boolean") return;
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new JobDataError(queue, path, "JSON has no NaN or Infinity");
    return;
  }
  if (typeof value !== "object") throw new JobDataError(queue, path, `JSON has no ${typeof value}`);
  if (above.has(value)) throw new JobDataError(queue, path, "it holds itself");
  if (depth >= DEEPEST)
    throw new JobDataError(queue, path, `deeper than ${DEEPEST} levels: pass an id, not the tree`);
  above.add(value);
  if (Array.isArray(value)) {
    for (const [index, each] of value.entries())
      explain(queue, each, `${path}[${index}]`, above, depth + 1);
  } else {
    if (!isPlain(value))
      throw new JobDataError(
        queue,
        path,
        `a ${nameOf(value)} does not come back from JSON; pass it as text or a plain object`,
      );
    for (const [key, each] of Object.entries(value)) {
      if (each !== undefined) explain(queue, each, `${path}.${key}`, above, depth + 1);
    }
  }
  above.delete(value);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function nameOf(value: object): string {
  return value.constructor?.name ?? "class instance";
}
