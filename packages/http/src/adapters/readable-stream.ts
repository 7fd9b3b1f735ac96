import { discard } from "../send/content.ts";

/**
 * A stream of the web of a source, begun: its first chunk is there, and what failed before it is thrown.
 *
 * Reads as far ahead as the reader asks for; ends the source when the reader cancels.
 *
 * @param signal - of the request: the client has left, perhaps before there is a reader
 */
export async function toReadableStream(
  body: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const source = body[Symbol.asyncIterator]();
  const end = (): void => discard(body, source);
  if (signal?.aborted === true) end();
  signal?.addEventListener("abort", end, { once: true });
  let first: IteratorResult<Uint8Array> | undefined;
  try {
    first = await source.next();
  } finally {
    // From here on the reader cancels.
    signal?.removeEventListener("abort", end);
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = first ?? (await source.next());
        first = undefined;
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
}
