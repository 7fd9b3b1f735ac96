import type { PlannedResponse, RequestFacts } from "../planned-response.ts";
import { problem } from "../problem/problem.ts";
import { problemOfError } from "../problem/problem-of-error.ts";
import { type OpenChunks, openStream } from "./open-stream.ts";
import { assertStreamOptions, type StreamOptions } from "./stream-options.ts";
import { assertSource, type StreamSource } from "./stream-source.ts";

/**
 * A streamed response for whatever sends it: its body has begun, and is ended by `return` or by the signal. For Hono give `c.req.raw.signal`, or what cancels the body.
 *
 * An error before the first byte is a problem document with a real status; one after it is thrown by the body, and whoever sends it must break the connection off.
 *
 * @throws {InvalidArgumentError} when the source is none or an option cannot work
 * @throws what the source throws before its first byte, with `errors: 'throw'`; `signal.reason`
 */
export async function planStream(
  request: RequestFacts,
  source: StreamSource,
  options: StreamOptions = {},
): Promise<PlannedResponse> {
  assertStreamOptions(options);
  assertSource(source);
  const run = openRun(options.signal);
  try {
    const { status, headers, chunks } = await openStream(request, source, options, run.signal);
    if (chunks !== undefined) return { status, headers, body: bodyOf(chunks, run, options) };
    run.close();
    return { status, headers, body: undefined };
  } catch (error) {
    run.close();
    if (run.signal.aborted) throw run.signal.reason;
    const details = options.onError?.(error) ?? problemOfError(error);
    if (options.errors === "throw") throw error;
    const answer = problem(details);
    return request.method === "HEAD" ? { ...answer, body: undefined } : answer;
  }
}

/** What may end a stream from outside. */
export interface StreamRun {
  readonly signal: AbortSignal;
  stop(reason: unknown): void;
  /** Lets go of the caller's signal, which may live as long as the process. */
  close(): void;
}

export function openRun(signal: AbortSignal | undefined): StreamRun {
  const controller = new AbortController();
  const forward = (): void => controller.abort(signal?.reason);
  if (signal?.aborted === true) forward();
  else signal?.addEventListener("abort", forward, { once: true });
  return {
    signal: controller.signal,
    stop: (reason) => controller.abort(reason),
    close: () => signal?.removeEventListener("abort", forward),
  };
}

/** Not a generator: one that was never begun does not end its source on `return`. */
function bodyOf(
  { first, rest }: OpenChunks,
  run: StreamRun,
  { onError }: StreamOptions,
): AsyncIterableIterator<Uint8Array, void, void> {
  let hasGivenFirst = false;
  const end = async (): Promise<void> => {
    run.signal.removeEventListener("abort", onAbort);
    run.close();
    await rest.return();
  };
  // Nobody may be reading, and then nobody would end it.
  const onAbort = (): void => void end().catch(() => undefined);
  run.signal.addEventListener("abort", onAbort, { once: true });
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      if (!hasGivenFirst) {
        hasGivenFirst = true;
        if (first.done !== true) return first;
      }
      try {
        const result = await rest.next();
        if (result.done === true) await end();
        // Ended from outside it must not look like the end of the document.
        run.signal.throwIfAborted();
        return result;
      } catch (error) {
        if (!run.signal.aborted) onError?.(error);
        await end();
        throw error;
      }
    },
    async return() {
      run.stop(new Error("the body is not read any further"));
      await end();
      return { done: true, value: undefined };
    },
  };
}
