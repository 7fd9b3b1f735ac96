import type { PassThrough } from "node:stream";
import { InvalidArgumentError } from "@upshift/foundation";
import { abortable } from "./abortable.ts";

/**
 * What a part of the program writes to a stream, as chunks.
 *
 * That the stream ends is no proof that all was written: the end comes only when the writer has resolved.
 *
 * @param writing - of the writer: it has to end the stream, and to reject when it fails
 * @yields what was written
 */
export async function* writtenChunks(
  stream: PassThrough,
  writing: Promise<unknown>,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  const onAbort = (): void => void stream.destroy();
  signal.addEventListener("abort", onAbort, { once: true });
  const written = writing.then(() => {
    if (stream.writableEnded) return;
    throw new InvalidArgumentError("a source that ends what it writes to", "one that did not");
  });
  // Looked at below; its stream is not read any further in any case.
  written.catch(() => stream.destroy());
  try {
    signal.throwIfAborted();
    for await (const chunk of stream) {
      if (Buffer.isBuffer(chunk)) yield chunk;
    }
    await abortable(written, signal);
  } catch (error) {
    signal.throwIfAborted();
    // A writer that fails destroys its stream; why it failed is in its promise.
    await abortable(written, signal);
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
    stream.destroy();
  }
}
