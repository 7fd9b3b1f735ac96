import { InvalidArgumentError } from "@upshift/foundation";
import type { Recorded } from "../recorded.ts";

/**
 * Reads a response.
 *
 * @throws {InvalidArgumentError} when it is none
 * @param overflow - gets one that is too large, with its body as it goes on. @returns false when nobody wants it any more
 */
export async function recordResponse(
  response: Response,
  tags: ReadonlySet<string>,
  { mostBytes, signal }: { readonly mostBytes: number; readonly signal: AbortSignal },
  overflow: (recorded: Recorded, body: AsyncIterable<Uint8Array>) => boolean,
): Promise<Recorded> {
  if (typeof Reflect.get(Object(response), "headers") !== "object")
    throw new InvalidArgumentError("a handler that returns a `Response`", typeof response);
  const { status } = response;
  const fields = fieldsOf(response.headers);
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  const reader = response.body?.getReader();
  const cancel = (): void => void reader?.cancel().catch(() => undefined);
  signal.addEventListener("abort", cancel, { once: true });
  if (signal.aborted) cancel();
  for (;;) {
    const next = await reader?.read();
    if (next === undefined || next.done || reader === undefined) break;
    chunks.push(next.value);
    sizeBytes += next.value.length;
    if (sizeBytes <= mostBytes) continue;
    signal.removeEventListener("abort", cancel);
    const recorded = { status, fields, body: undefined, tags };
    let isTaken = false;
    try {
      isTaken = overflow(recorded, goOn(chunks, reader));
    } finally {
      if (!isTaken) await reader.cancel();
    }
    return recorded;
  }
  return { status, fields, body: Buffer.concat(chunks), tags };
}

async function* goOn(
  chunks: readonly Uint8Array[],
  reader: ReadableStreamDefaultReader<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
    for (;;) {
      const next = await reader.read();
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await reader.cancel();
  }
}

function fieldsOf(headers: Headers): Recorded["fields"] {
  const fields = Array.from(headers).filter(([name]) => name !== "set-cookie");
  const cookies = headers.getSetCookie().map((cookie) => ["set-cookie", cookie] as const);
  return [...fields, ...cookies];
}
