import { PassThrough, type Writable } from "node:stream";
import { InvalidArgumentError, kindOf } from "@upshift/foundation";
import { encodeValues } from "./encode-values.ts";
import { type StreamFormat, streamDocument } from "./stream-format.ts";
import { writtenChunks } from "./written-chunks.ts";

/** What a source is told; it is also what `exportRows` of `@upshift/postgres` takes as its options. */
export interface StreamContext {
  /** Negotiated, or as it was asked for. */
  readonly format: StreamFormat;
  readonly onEnd: "marker" | "none";
  readonly header: boolean;
  readonly formulaGuard: boolean;
  /** Aborts when the client has gone or takes nothing any more: give it to what is waited for. */
  readonly signal: AbortSignal;
}

/** Values one by one, each of which becomes a line, an element or a row. */
export type StreamValues = AsyncIterable<unknown> | Iterable<unknown>;

/**
 * Values; or a function that gives values, or writes the document itself to `to`, ends it, and resolves when that is done:
 * `(context, to) => exportRows(pool, query, to, context)`.
 */
export type StreamSource =
  | StreamValues
  | ((context: StreamContext, to: Writable) => StreamValues | Promise<unknown>);

/**
 * Before anything is sent: it is a mistake of the program, and no failure of the source.
 *
 * @throws {InvalidArgumentError} for what gives no values
 */
export function assertSource(source: StreamSource): void {
  if (typeof source === "function" || isValues(source)) return;
  // The caller is told what is wrong; that it also rejects shall not end the process.
  const given: unknown = source;
  if (given instanceof Promise) given.catch(() => undefined);
  throw new InvalidArgumentError(
    "`source` as an iterable or async iterable of values, or a function that gives one; await a promise first",
    kindOf(given),
  );
}

export interface SourceOptions extends StreamContext {
  readonly columns: readonly string[] | undefined;
}

/**
 * The document of a source in chunks. The source begins with the first `next`.
 *
 * @yields UTF-8
 */
export async function* sourceChunks(
  source: StreamSource,
  { columns, ...context }: SourceOptions,
): AsyncGenerator<Buffer, void, void> {
  const { format, signal } = context;
  const encode = (values: StreamValues): AsyncGenerator<Buffer, void, void> =>
    encodeValues(values, streamDocument(format, { ...context, columns }), signal);
  if (typeof source !== "function") return yield* encode(source);
  signal.throwIfAborted();
  const stream = new PassThrough();
  const result = source(context, stream);
  if (isValues(result)) {
    stream.destroy();
    return yield* encode(result);
  }
  if (!(result instanceof Promise)) {
    stream.destroy();
    throw new InvalidArgumentError("a source that gives values or a promise", typeof result);
  }
  return yield* writtenChunks(stream, result, signal);
}

function isValues(value: unknown): value is StreamValues {
  return (
    typeof value === "object" &&
    value !== null &&
    (Symbol.asyncIterator in value || Symbol.iterator in value)
  );
}
