import type { Writable } from "node:stream";
import { InvalidArgumentError, systemClock } from "@upshift/foundation";
import { abortable } from "../../connection/abortable.ts";
import { DestinationClosedError, StreamIdleError } from "../stream-errors.ts";
import type { Watch } from "../watch.ts";

/** What an export needs of a response: that of `node:http` or `node:http2`, or what Express and Fastify (`reply.raw`) make of it. */
interface HttpResponse {
  readonly headersSent: boolean;
  hasHeader(name: string): boolean;
  setHeader(name: string, value: string): unknown;
  addTrailers(trailers: Record<string, string>): unknown;
}

export interface DestinationOptions {
  readonly watch: Watch;
  readonly idleTimeoutMs: number;
  /** Set on a response that has none. */
  readonly contentType: string;
  /** Name of the HTTP trailer that tells the number of rows. */
  readonly rowCountTrailer: string | undefined;
  /** Whether the destination ends with the export. */
  readonly mustEnd: boolean;
}

/** Chunks that wait here while the destination is full, before the source has to wait too: it need not stop for a destination that is empty again a moment later. */
const MOST_WAITING_BYTES = 256 * 1024;

/** Writes chunks to a stream or response at its pace, and knows when it has gone. */
export class Destination {
  readonly #stream: Writable;
  readonly #options: DestinationOptions;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #sizeBytes = 0;
  /** It has said that it is full. */
  #isFull = false;
  #isFinished = false;
  #isClosed = false;
  #cancelIdle: (() => void) | undefined;
  #onRoom: (() => void)[] = [];

  constructor(stream: Writable, options: DestinationOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#isFull = stream.writableNeedDrain;
    if (this.#isFull) this.#watchIdle();
    if (stream.destroyed) options.watch.stop(new DestinationClosedError(0));
    stream.on("drain", this.#onDrain);
    stream.on("close", this.#onClose);
    stream.on("error", this.#onError);
  }

  /** Bytes that were handed to the stream. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get isBlocked(): boolean {
    return this.#waitingBytes >= MOST_WAITING_BYTES;
  }

  write(chunk: Buffer): void {
    if (this.#isClosed || this.#options.watch.signal.aborted) return;
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    this.#send();
  }

  /** Resolves when it is not blocked. @throws why the export ends */
  async ready(): Promise<void> {
    await this.#until(() => !this.isBlocked);
  }

  /**
   * Waits until everything has been taken, and ends the stream.
   *
   * @throws why the export ends
   */
  async finish(rowCount: number): Promise<void> {
    const { watch, mustEnd, rowCountTrailer } = this.#options;
    await this.#until(() => this.#waiting.length === 0 && (mustEnd || !this.#isFull));
    this.#setHeaders();
    if (rowCountTrailer !== undefined && isHttpResponse(this.#stream)) {
      this.#stream.addTrailers({ [rowCountTrailer]: String(rowCount) });
    }
    if (!mustEnd) return;
    this.#watchIdle();
    const taken = new Promise<void>((resolve, reject) => {
      this.#stream.end((error?: Error | null) => {
        this.#isFinished = true;
        if (error instanceof Error) reject(error);
        else resolve();
      });
    });
    await abortable(taken, watch.signal);
  }

  /**
   * Leaves a response of which nothing was sent as it was, so that it can tell of the failure. Anything else is destroyed: a response that breaks off without its last chunk cannot be taken
   * for a whole one.
   */
  fail(error: unknown): void {
    this.#waiting = [];
    const response = isHttpResponse(this.#stream) ? this.#stream : undefined;
    if (response?.headersSent === false) return;
    // The caller has the error already; without a listener it would end the process as well.
    this.#stream.on("error", () => undefined);
    // A server of HTTP/1 would report an error of its own response as one of the client; HTTP/2 ends a stream in order unless there is one.
    const isHttp1 = response !== undefined && !("stream" in response);
    const reason = error instanceof Error ? error : new Error("the export broke off");
    this.#stream.destroy(isHttp1 ? undefined : reason);
  }

  /** Lets go of the stream. */
  close(): void {
    this.#isClosed = true;
    this.#cancelIdle?.();
    this.#stream.off("drain", this.#onDrain);
    this.#stream.off("close", this.#onClose);
    this.#stream.off("error", this.#onError);
  }

  async #until(isReached: () => boolean): Promise<void> {
    while (!isReached()) {
      const room = new Promise<void>((resolve) => this.#onRoom.push(resolve));
      await abortable(room, this.#options.watch.signal);
    }
  }

  #send(): void {
    while (!this.#isFull) {
      const chunk = this.#waiting.shift();
      if (chunk === undefined) break;
      this.#setHeaders();
      this.#waitingBytes -= chunk.length;
      this.#sizeBytes += chunk.length;
      if (!this.#stream.write(chunk)) {
        this.#isFull = true;
        this.#watchIdle();
      }
    }
    const onRoom = this.#onRoom;
    this.#onRoom = [];
    for (const resolve of onRoom) resolve();
  }

  #setHeaders(): void {
    const { contentType, rowCountTrailer } = this.#options;
    if (this.#sizeBytes > 0 || !isHttpResponse(this.#stream) || this.#stream.headersSent) return;
    if (!this.#stream.hasHeader("Content-Type")) {
      this.#stream.setHeader("Content-Type", contentType);
    }
    if (rowCountTrailer !== undefined) this.#stream.setHeader("Trailer", rowCountTrailer);
  }

  #watchIdle(): void {
    const { watch, idleTimeoutMs } = this.#options;
    this.#cancelIdle?.();
    this.#cancelIdle = systemClock.after(
      idleTimeoutMs,
      () => watch.stop(new StreamIdleError(idleTimeoutMs)),
      { isBackground: true },
    );
  }

  readonly #onDrain = (): void => {
    this.#cancelIdle?.();
    this.#isFull = false;
    this.#send();
  };

  readonly #onClose = (): void => {
    if (!this.#isFinished) this.#options.watch.stop(new DestinationClosedError(this.#sizeBytes));
  };

  readonly #onError = (error: Error): void => this.#options.watch.stop(error);
}

/** @throws {InvalidArgumentError} when it cannot be written to */
export function assertOpen(stream: Writable): void {
  if (typeof stream?.write !== "function" || typeof stream.on !== "function") {
    throw new InvalidArgumentError("a Writable or a response as the destination", typeof stream);
  }
  if (stream.writableEnded) {
    throw new InvalidArgumentError("a destination that is open", "one that has ended");
  }
}

function isHttpResponse(stream: object): stream is HttpResponse {
  return (
    "headersSent" in stream &&
    "setHeader" in stream &&
    typeof stream.setHeader === "function" &&
    "addTrailers" in stream &&
    typeof stream.addTrailers === "function"
  );
}
