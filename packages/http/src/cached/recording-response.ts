import { type IncomingMessage, type OutgoingHttpHeaders, ServerResponse } from "node:http";

import type { Recorded } from "./recorded.ts";
import { openTags } from "./response-tags.ts";
import { isAlike } from "./tracked-request.ts";

type Chunk = string | Uint8Array;
type Callback = (error?: Error | null) => void;

/** Where a body goes that is too large to be kept. */
export interface Overflow {
  begin(status: number, fields: Recorded["fields"]): void;
  /** @returns false when it is to wait for `onDrain` */
  write(chunk: Buffer): boolean;
  end(): void;
  onDrain(resume: () => void): void;
}

/**
 * A response that keeps what is written to it.
 *
 * It stands in for a response of node:http with all that a framework has put on that one, and needs no connection: it can be made for a client that has its answer already.
 */
export class RecordingResponse<Response extends ServerResponse> {
  readonly response: Response;
  readonly done: Promise<Recorded>;
  readonly #mostBytes: number;
  readonly #overflow: Overflow;
  readonly #tags: ReadonlySet<string>;
  #chunks: Buffer[] = [];
  #sizeBytes = 0;
  #isOver = false;
  #isEnded = false;
  #resolve: (recorded: Recorded) => void = () => {};

  constructor(request: IncomingMessage, real: Response, mostBytes: number, overflow: Overflow) {
    this.#mostBytes = mostBytes;
    this.#overflow = overflow;
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    const made: unknown = new ServerResponse(request);
    this.response = adopt(made, real);
    const { response } = this;
    this.#tags = openTags(response);
    const own = {
      req: request,
      writeHead: (status: number, ...rest: readonly unknown[]) => this.#writeHead(status, rest),
      flushHeaders: () => this.#close(),
      write: (chunk: Chunk, ...rest: readonly unknown[]) => this.#write(chunk, rest),
      end: (...args: readonly unknown[]) => this.#end(args),
    };
    Object.assign(response, own);
  }

  #writeHead(status: number, rest: readonly unknown[]): Response {
    const { response } = this;
    response.statusCode = status;
    const headers = rest.find((part) => typeof part === "object" && part !== null);
    if (Array.isArray(headers)) {
      const pairs = headers.every(Array.isArray) ? headers.flat() : headers;
      for (let index = 0; index + 1 < pairs.length; index += 2)
        response.appendHeader(String(pairs[index]), String(pairs[index + 1]));
    } else {
      for (const [name, value] of Object.entries<OutgoingHttpHeaders[string]>(Object(headers)))
        if (value !== undefined) response.setHeader(name, value);
    }
    this.#close();
    return response;
  }

  /** As with a real one, fields cannot be changed any more. */
  #close(): void {
    Object.defineProperty(this.response, "headersSent", { value: true, configurable: true });
  }

  #write(chunk: Chunk, rest: readonly unknown[]): boolean {
    if (this.#isEnded) {
      this.response.emit("error", new Error("write after end"));
      return false;
    }
    this.#close();
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
    this.#overflow.begin(this.response.statusCode, fieldsOf(this.response));
    this.#overflow.onDrain(() => this.response.emit("drain"));
    const canGoOn = this.#overflow.write(Buffer.concat(this.#chunks));
    this.#chunks = [];
    return canGoOn;
  }

  #end(args: readonly unknown[]): Response {
    const { response } = this;
    if (this.#isEnded) return response;
    const [chunk, ...rest] = args;
    if (typeof chunk === "string" || chunk instanceof Uint8Array) this.#write(chunk, rest);
    this.#close();
    this.#isEnded = true;
    response.finished = true;
    if (this.#isOver) this.#overflow.end();
    this.#resolve({
      status: response.statusCode,
      fields: fieldsOf(response),
      body: this.#isOver ? undefined : Buffer.concat(this.#chunks),
      tags: this.#tags,
    });
    this.#chunks = [];
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

/** Gives a response all that a framework has put on another: its prototype and its own properties. */
function adopt<Response extends ServerResponse>(made: unknown, real: Response): Response {
  if (typeof made !== "object" || made === null) throw new TypeError("no response");
  Object.setPrototypeOf(made, Object.getPrototypeOf(real));
  for (const name of Object.keys(real))
    if (!(name in made))
      Object.defineProperty(made, name, { ...Object.getOwnPropertyDescriptor(real, name) });
  // Fields that middleware has set stay on the real one: they are for this request, and not to be kept.
  if (!isAlike(made, real)) throw new TypeError("no response");
  return made;
}

const isCallback = (value: unknown): value is Callback => typeof value === "function";
