import type { ServerResponse } from "node:http";
import { systemClock } from "@upshift/foundation";
import type { OpenChunks } from "./open-stream.ts";
import type { StreamRun } from "./plan-stream.ts";
import { ResponseClosedError, ResponseIdleError } from "./stream-errors.ts";

/** Writes to a response at its pace, and knows when it has gone. */
export class ResponseOutput {
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
