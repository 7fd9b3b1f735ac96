import type { ServerResponse } from "node:http";
import { breakOff } from "./break-off.ts";
import { discard } from "./content.ts";
import { Departure, GONE } from "./departure.ts";

export type NodeHeaders = Record<string, string | string[]>;

/**
 * Writes a streamed body at the speed of the reader.
 *
 * The head leaves with the first chunk: a source that fails before it leaves the response untouched, and the error is the caller's
 * to answer. After it the connection is broken off, which is the only way to tell the client that the body is not whole.
 * When the client leaves, the source is ended and nothing is thrown.
 *
 * @param begin - called just before the head is written, or instead of it when the client has left
 */
export async function writeStream(
  res: ServerResponse,
  status: number,
  headers: NodeHeaders,
  body: AsyncIterable<Uint8Array>,
  begin?: () => void,
): Promise<void> {
  const source = body[Symbol.asyncIterator]();
  const departure = new Departure(res);
  try {
    let next = await departure.whileHere(source.next());
    begin?.();
    if (next === GONE) return;
    for (const name of res.getHeaderNames()) res.removeHeader(name);
    res.writeHead(status, headers);
    while (next.done !== true) {
      if (!res.write(next.value) && (await departure.drained()) === GONE) return;
      next = await departure.whileHere(source.next());
      if (next === GONE) return;
    }
    res.end();
  } catch (error) {
    if (res.headersSent) breakOff(res);
    throw error;
  } finally {
    departure.forget();
    discard(body, source);
  }
}
