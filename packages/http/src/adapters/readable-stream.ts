import { discard } from "../send/content.ts";

/**
 * A stream of the web of a source, begun: its first chunk is there, and what failed before it is thrown.
 *
 * Reads as far ahead as the reader asks for; ends the source when the reader cancels.
 */
export async function toReadableStream(
  body: AsyncIterable<Uint8Array>,
): Promise<ReadableStream<Uint8Array>> {
  const source = body[Symbol.asyncIterator]();
  let first: IteratorResult<Uint8Array> | undefined = await source.next();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = first ?? (await source.next());
        first = undefined;
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      },
      cancel: () => discard(body, source),
    },
    { highWaterMark: 0 },
  );
}
