import { JobDataError } from "./queue-errors.ts";

/**
 * Sees that data comes out of JSON as it went in: a `Date` that a worker gets as text is a mistake that types do not show.
 *
 * @throws {JobDataError} with the path of what does not, or the size
 */
export function assertJobData(queue: string, data: unknown, maxBytes: number): void {
  walk(queue, data, "", new Set());
  const sizeBytes = Buffer.byteLength(JSON.stringify(data));
  if (sizeBytes > maxBytes)
    throw new JobDataError(
      queue,
      "",
      `${sizeBytes} bytes as JSON, more than ${maxBytes}: pass an id, not the object`,
    );
}

function walk(queue: string, value: unknown, path: string, above: Set<object>): void {
  if (value === null || typeof value === "string" || typeof value === "boolean") return;
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new JobDataError(queue, path, "JSON has no NaN or Infinity");
    return;
  }
  if (typeof value !== "object") throw new JobDataError(queue, path, `JSON has no ${typeof value}`);
  if (above.has(value)) throw new JobDataError(queue, path, "it holds itself");
  above.add(value);
  if (Array.isArray(value)) {
    for (const [index, each] of value.entries()) walk(queue, each, `${path}[${index}]`, above);
  } else {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== null && prototype !== Object.prototype)
      throw new JobDataError(
        queue,
        path,
        `a ${nameOf(value)} does not come back from JSON; pass it as text or a plain object`,
      );
    for (const [key, each] of Object.entries(value)) {
      // As JSON does, and as optional fields mean it.
      if (each !== undefined) walk(queue, each, `${path}.${key}`, above);
    }
  }
  above.delete(value);
}

function nameOf(value: object): string {
  return value.constructor?.name ?? "class instance";
}
