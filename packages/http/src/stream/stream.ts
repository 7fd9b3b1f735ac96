import type { ServerResponse } from "node:http";
import { InvalidArgumentError } from "@upshift/foundation";
import { problemOfError } from "../problem/problem-of-error.ts";
import { sendProblem } from "../problem/send-problem.ts";
import { breakOff } from "../send/break-off.ts";
import { hasLeft } from "../send/departure.ts";
import { NodeRequest } from "../send/node-request.ts";
import { openStream } from "./open-stream.ts";
import { openRun, type StreamRun } from "./plan-stream.ts";
import { ResponseOutput } from "./response-output.ts";
import { ResponseClosedError } from "./stream-errors.ts";
import { assertStreamOptions, idleTimeoutMs, type StreamToOptions } from "./stream-options.ts";
import { assertSource, type StreamSource } from "./stream-source.ts";

/** How a streamed response ended. */
export interface StreamResult {
  /** Everything was handed to the operating system. */
  readonly isComplete: boolean;
  /** Of the body, as it was sent. */
  readonly sizeBytes: number;
  /** Why it is not complete: of the source, of the client that has gone, of the time. */
  readonly error?: unknown;
}

/**
 * Streams values, or what a part of the program writes, as NDJSON, a JSON array or CSV: as they come, at the pace of the client, in bounded memory.
 *
 * ```ts
 * await stream(response, (context, to) => exportRows(pool, query, to, context));
 * ```
 *
 * A short body is never taken for a whole one. What fails before the first byte is answered with a status and a problem document; what fails later closes the connection
 * without an end of the body. When the client goes, the source is ended: its `signal` aborts, its iterator is told to `return`.
 *
 * Failures of the source do not reject: they are answered, and told to `onError` and in the result.
 *
 * @param response - of `node:http`, or what Express makes of it; headers that are set stay
 * @throws {InvalidArgumentError} when the source is none, an option cannot work or the response has begun
 * @throws what the source throws before its first byte, with `errors: 'throw'`
 */
export async function stream(
  response: ServerResponse,
  source: StreamSource,
  options: StreamToOptions = {},
): Promise<StreamResult> {
  assertStreamOptions(options);
  assertSource(source);
  const idleMs = idleTimeoutMs(options);
  if (response.headersSent || response.writableEnded) {
    throw new InvalidArgumentError("a response that has not begun", "one that has");
  }
  const run = openRun(options.signal);
  const output = new ResponseOutput(response, run, idleMs);
  try {
    const facts = new NodeRequest(response.req);
    const headers = { ...headersOf(response), ...options.headers };
    if (hasLeft(response)) run.stop(new ResponseClosedError(0));
    const opened = await openStream(facts, source, { ...options, headers }, run.signal);
    try {
      response.statusCode = opened.status;
      response.removeHeader("content-length");
      for (const [name, value] of Object.entries(opened.headers)) response.setHeader(name, value);
      if (opened.chunks !== undefined) await output.writeAll(opened.chunks);
    } finally {
      // Not awaited: a source that hangs would keep the broken response open.
      opened.chunks?.rest.return().catch(() => undefined);
    }
    await output.end();
    return { isComplete: true, sizeBytes: output.sizeBytes };
  } catch (error) {
    return fail(response, run, output, { error, options });
  } finally {
    output.close();
    run.close();
  }
}

function fail(
  response: ServerResponse,
  run: StreamRun,
  output: ResponseOutput,
  { error, options }: { readonly error: unknown; readonly options: StreamToOptions },
): StreamResult {
  const reason: unknown = run.signal.aborted ? run.signal.reason : error;
  const isOfClient = reason instanceof ResponseClosedError;
  // What else may wait on the source ends as well.
  run.stop(reason);
  try {
    const details = isOfClient ? undefined : options.onError?.(reason);
    if (response.headersSent || isOfClient || response.destroyed) breakOff(response);
    else if (options.errors !== "throw") sendProblem(response, details ?? problemOfError(reason));
  } catch (failure) {
    // A hook that throws, or a problem that cannot be written: nobody else answers.
    breakOff(response);
    throw failure;
  }
  if (options.errors === "throw" && !response.headersSent && !isOfClient) throw reason;
  return { isComplete: false, sizeBytes: output.sizeBytes, error: reason };
}

function headersOf(response: ServerResponse): Record<string, string | readonly string[]> {
  const headers = Object.entries(response.getHeaders()).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, typeof value === "number" ? String(value) : value] as const],
  );
  return Object.fromEntries(headers);
}
