import { type IncomingMessage, ServerResponse } from "node:http";
import { InvalidArgumentError } from "@upshift/foundation";
import { applyHead } from "../compression/body-arguments.ts";
import { adopt } from "./adopt.ts";
import type { Recorded } from "./recorded.ts";
import { openTags } from "./response-tags.ts";
import type { RecordRules } from "./route-cache.ts";

type Chunk = string | Uint8Array;
type Callback = (error?: Error | null) => void;

/** Where a body goes that is too large to be kept. */
export interface Overflow {
  /** @returns false when there is nobody to take it */
  begin(status: number, fields: Recorded["fields"]): boolean;
  /** @returns false when it is to wait for `onDrain` */
  write(chunk: Buffer): boolean;
  end(): void;
  /** There will be no more of it, and what was sent is not all. */
  breakOff(): void;
  onDrain(resume: () => void): void;
  /** The client has left. */
  onClose(leave: () => void): void;
}

/**
 * A response that keeps what is written to it.
 *
 * It stands in for a response of node:http with all that a framework has put on that one, and needs no connection: it can be made for a client that has its answer already.
 */
export class RecordingResponse<Response extends ServerResponse> {
  readonly response: Response;
  /** When it has ended, or turns out to be too large: who waits for one to share does not wait for a slow client. */
  readonly done: Promise<Recorded>;
  /** When what is too large has gone on its way. */
  rest: Promise<void> = Promise.resolve();
  readonly #mostBytes: number;
  readonly #overflow: Overflow;
  readonly #tags: ReadonlySet<string>;
  #chunks: Buffer[] = [];
  #sizeBytes = 0;
  #isOver = false;
  #isEnded = false;
  #resolve: (recorded: Recorded) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #endRest: () => void = () => {};

  /** @param onRead - told of what middleware has left on the real one, when it is looked at */
  constructor(
    request: IncomingMessage,
    real: Response,
    { headers, mostBytes }: RecordRules,
    overflow: Overflow,
    onRead: (name: string) => void,
  ) {
    this.#mostBytes = mostBytes;
    this.#overflow = overflow;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const made: unknown = new ServerResponse(request);
    this.response = adopt(made, real, headers, onRead);
    const { response } = this;
    this.#tags = openTags(response);
    const own = {
      req: request,
      writeHead: (...values: readonly unknown[]) => this.#writeHead(values),
      flushHeaders: () => this.#begin(),
      write: (chunk: Chunk, ...rest: readonly unknown[]) => this.#write(chunk, rest),
      end: (...args: readonly unknown[]) => this.#end(args),
      destroy: (error?: unknown) => this.#destroy(error),
    };
    Object.assign(response, own);
  }

  /** For whoever runs the handler, too: what it throws after the body became too large breaks that off. */
  fail(error: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#chunks = [];
    if (this.#isOver) this.#overflow.breakOff();
    this.#reject(error);
  }

  /** There is nobody any more to make it for. */
  leave(): void {
    const { response } = this;
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#chunks = [];
    Object.assign(response, { destroyed: true });
    this.#endRest();
    process.nextTick(() => response.emit("close"));
  }

  #writeHead(values: readonly unknown[]): Response {
    const { response } = this;
    if (response.headersSent)
      throw Object.assign(new Error("Cannot write headers after they are sent to the client"), {
        code: "ERR_HTTP_HEADERS_SENT",
      });
    applyHead(response, values);
    this.#close();
    return response;
  }

  /** A real one would take the connection with it, which here others wait for, or nobody. */
  #destroy(error: unknown): Response {
    const { response } = this;
    if (response.destroyed) return response;
    Object.assign(response, { destroyed: true });
    this.fail(error ?? new Error("the handler has destroyed its response"));
    process.nextTick(() => response.emit("close"));
    return response;
  }

  /** As a real one does before its first byte: what sets fields at the last moment stands in for `writeHead`. */
  #begin(): void {
    const { response } = this;
    if (!response.headersSent) response.writeHead(response.statusCode);
  }

  /** As with a real one, fields cannot be changed any more: Node looks here for it. */
  #close(): void {
    Object.assign(this.response, { _header: "sent" });
  }

  #write(chunk: Chunk, rest: readonly unknown[]): boolean {
    if (this.response.destroyed) return false;
    if (this.#isEnded) {
      this.response.emit("error", new Error("write after end"));
      return false;
    }
    this.#begin();
    const [encoding] = rest;
    const bytes =
      typeof chunk === "string"
        ? Buffer.from(
            chunk,
            typeof encoding === "string" && Buffer.isEncoding(encoding) ? encoding : "utf8",
          )
        : Buffer.from(chunk);
    const canGoOn = this.#take(bytes);
    const callback = rest.find(isCallback);
    if (callback !== undefined) process.nextTick(callback);
    return canGoOn;
  }

  #take(bytes: Buffer): boolean {
    if (this.#isOver) return this.#overflow.write(bytes);
    this.#chunks.push(bytes);
    this.#sizeBytes += bytes.length;
    if (this.#sizeBytes <= this.#mostBytes) return true;
    this.#isOver = true;
    const { statusCode: status } = this.response;
    const fields = fieldsOf(this.response);
    let isTaken: boolean;
    try {
      isTaken = this.#overflow.begin(status, fields);
    } catch (error) {
      // What writes here may be a pipe, where nobody would catch it.
      this.fail(error);
      return false;
    }
    this.#resolve({ status, fields, body: undefined, tags: this.#tags });
    if (!isTaken) {
      this.leave();
      return false;
    }
    this.rest = new Promise((resolve, reject) => {
      this.#endRest = resolve;
      this.#reject = reject;
    });
    // Nobody waits for it where the client has its answer already.
    this.rest.catch(() => undefined);
    this.#overflow.onDrain(() => this.response.emit("drain"));
    this.#overflow.onClose(() => this.leave());
    const canGoOn = this.#overflow.write(Buffer.concat(this.#chunks));
    this.#chunks = [];
    return canGoOn;
  }

  #end(args: readonly unknown[]): Response {
    const { response } = this;
    if (this.#isEnded) return response;
    const [chunk, ...rest] = args;
    if (typeof chunk === "string" || chunk instanceof Uint8Array) this.#write(chunk, rest);
    else if (chunk !== undefined && chunk !== null && !isCallback(chunk)) {
      // As Node does. Kept as an empty body, all would get that.
      throw new InvalidArgumentError("a body of text or bytes", typeof chunk);
    }
    // That was too much, and nobody is there to take it.
    if (response.destroyed) return response;
    this.#begin();
    this.#isEnded = true;
    response.finished = true;
    if (this.#isOver) this.#overflow.end();
    else {
      this.#resolve({
        status: response.statusCode,
        fields: fieldsOf(response),
        body: Buffer.concat(this.#chunks),
        tags: this.#tags,
      });
      this.#chunks = [];
    }
    this.#endRest();
    const callback = args.find(isCallback);
    process.nextTick(() => {
      response.emit("finish");
      response.emit("close");
      callback?.();
    });
    return response;
  }
}

function fieldsOf(response: ServerResponse): Recorded["fields"] {
  return Object.entries(response.getHeaders()).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one) => [name, String(one)] as const),
  );
}

const isCallback = (value: unknown): value is Callback => typeof value === "function";
