import type { ServerResponse } from "node:http";
import { InvalidArgumentError, systemClock } from "@upshift/foundation";
import { problemOfError } from "../problem/problem-of-error.ts";
import { sendProblem } from "../problem/send-problem.ts";
import { NodeRequest } from "../send/node-request.ts";
import { type OpenChunks, openStream } from "./open-stream.ts";
import { openRun, type StreamRun } from "./plan-stream.ts";
import { ResponseClosedError, ResponseIdleError } from "./stream-errors.ts";
import { assertStreamOptions, idleTimeoutMs, type StreamToOptions } from "./stream-options.ts";
import type { StreamSource } from "./stream-source.ts";

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
 * @throws {InvalidArgumentError} when an option cannot work or the response has begun
 * @throws what the source throws before its first byte, with `errors: 'throw'`
 */
export async function stream(
  response: ServerResponse,
  source: StreamSource,
  options: StreamToOptions = {},
): Promise<StreamResult> {
  assertStreamOptions(options);
  const idleMs = idleTimeoutMs(options);
  if (response.headersSent || response.writableEnded) {
    throw new InvalidArgumentError("a response that has not begun", "one that has");
  }
  const run = openRun(options.signal);
  const output = new Output(response, run, idleMs);
  try {
    const facts = new NodeRequest(response.req);
    const headers = { ...headersOf(response), ...options.headers };
    if (response.destroyed) run.stop(new ResponseClosedError(0));
    run.signal.throwIfAborted();
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
  output: Output,
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

/** Closes the connection so that nobody takes what was sent for all there is. */
function breakOff(response: ServerResponse): void {
  if (response.destroyed) return;
  response.on("error", () => undefined);
  if ("stream" in response) {
    // HTTP/2 ends a stream in order unless there is an error.
    response.destroy(new Error("the response broke off"));
    return;
  }
  // Without chunks, for a client of HTTP/1.0, the end of the connection is the end of the body: only a reset is none.
  if (!response.chunkedEncoding) response.socket?.resetAndDestroy();
  response.destroy();
}

/** Writes to a response at its pace, and knows when it has gone. */
class Output {
  readonly #response: ServerResponse;
  readonly #run: StreamRun;
  readonly #idleMs: number;
  #sizeBytes = 0;
  /** Not asked of the response: that of HTTP/2 does not tell. */
  #isFull = false;
  #hasEnded = false;
  #isFinished = false;
  #settle: (() => void) | undefined;

  constructor(response: ServerResponse, run: StreamRun, idleMs: number) {
    this.#response = response;
    this.#run = run;
    this.#idleMs = idleMs;
    response.on("drain", this.#onDrain);
    response.on("finish", this.#onFinish);
    response.on("close", this.#onClose);
    response.on("error", this.#onError);
    run.signal.addEventListener("abort", this.#onChange);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  async writeAll({ first, rest }: OpenChunks): Promise<void> {
    for (let chunk = first; chunk.done !== true; chunk = await rest.next()) {
      this.#run.signal.throwIfAborted();
      this.#sizeBytes += chunk.value.length;
      this.#isFull = !this.#response.write(chunk.value);
      if (this.#isFull) await this.#until(() => !this.#isFull);
    }
  }

  async end(): Promise<void> {
    this.#hasEnded = true;
    this.#response.end();
    await this.#until(() => this.#isFinished);
  }

  close(): void {
    this.#response.off("drain", this.#onDrain);
    this.#response.off("finish", this.#onFinish);
    this.#response.off("close", this.#onClose);
    this.#response.off("error", this.#onError);
    this.#run.signal.removeEventListener("abort", this.#onChange);
  }

  /** @throws why the response ends before */
  async #until(isReached: () => boolean): Promise<void> {
    const cancel = systemClock.after(
      this.#idleMs,
      () => this.#run.stop(new ResponseIdleError(this.#idleMs)),
      { isBackground: true },
    );
    try {
      for (;;) {
        this.#run.signal.throwIfAborted();
        if (isReached()) return;
        await new Promise<void>((resolve) => (this.#settle = resolve));
      }
    } finally {
      cancel();
    }
  }

  readonly #onChange = (): void => this.#settle?.();

  readonly #onDrain = (): void => {
    this.#isFull = false;
    this.#onChange();
  };

  readonly #onFinish = (): void => {
    // A response of HTTP/2 tells so whenever its stream closes.
    this.#isFinished = this.#hasEnded && !isAborted(this.#response);
    this.#onChange();
  };

  readonly #onClose = (): void => {
    if (!this.#isFinished) this.#run.stop(new ResponseClosedError(this.#sizeBytes));
    this.#onChange();
  };

  readonly #onError = (error: Error): void => this.#run.stop(error);
}

function isAborted(response: ServerResponse): boolean {
  const own: unknown = "stream" in response ? response.stream : undefined;
  return typeof own === "object" && own !== null && "aborted" in own && own.aborted === true;
}

function headersOf(response: ServerResponse): Record<string, string | readonly string[]> {
  const headers = Object.entries(response.getHeaders()).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, typeof value === "number" ? String(value) : value] as const],
  );
  return Object.fromEntries(headers);
}
