import { Readable } from "node:stream";
import { ReadableStream } from "node:stream/web";
import { isAnyArrayBuffer } from "node:util/types";
import { InvalidArgumentError } from "@upshift/foundation";

/** A value as bytes. */
export interface Content {
  /** `undefined`: none. A stream has no size that is known. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array> | undefined;
  readonly contentType: string;
}

export const JSON_TYPE = "application/json";

/**
 * The bytes of a value: bytes and streams of bytes as they are, strings as UTF-8, anything else as JSON.
 *
 * @throws {InvalidArgumentError} for what JSON cannot say: a function, a symbol
 */
export function toContent(value: unknown): Content {
  if (typeof value === "string") {
    return { body: Buffer.from(value), contentType: "text/plain; charset=utf-8" };
  }
  if (value === undefined) return { body: undefined, contentType: JSON_TYPE };
  const body = bytesOf(value) ?? streamOf(value);
  if (body !== undefined) return { body, contentType: "application/octet-stream" };
  const json: string | undefined = JSON.stringify(value);
  if (json === undefined) {
    throw new InvalidArgumentError("a value that JSON can express", typeof value);
  }
  return { body: Buffer.from(json), contentType: JSON_TYPE };
}

/** Of a buffer and of any view of one: as JSON they would be `{}`. */
function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  return isAnyArrayBuffer(value) ? new Uint8Array(value) : undefined;
}

function streamOf(value: unknown): AsyncIterable<Uint8Array> | undefined {
  // One that stands still can only be ended by who has its reader, and an iterator waits for its next chunk with it.
  if (value instanceof ReadableStream && !value.locked) {
    return Readable.fromWeb(value).on("error", () => {});
  }
  return isByteStream(value) ? value : undefined;
}

function isByteStream(value: unknown): value is AsyncIterable<Uint8Array> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

/**
 * Ends a stream that nobody will read any more, so that what it holds is released.
 *
 * At once where it can be destroyed; an iterator in the middle of a step ends after it.
 *
 * @param iterator - of a stream that was begun
 */
export function discard(body: unknown, iterator?: AsyncIterator<Uint8Array>): void {
  if (!isByteStream(body)) return;
  if ("destroy" in body && typeof body.destroy === "function") {
    // Its own error has nobody to tell.
    if (body instanceof Readable) body.on("error", () => {});
    body.destroy();
    return;
  }
  const begun = iterator ?? body[Symbol.asyncIterator]();
  void Promise.resolve(begun.return?.()).catch(() => {});
}
