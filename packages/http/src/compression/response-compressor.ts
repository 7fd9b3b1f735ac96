import type { IncomingMessage, ServerResponse } from "node:http";
import type { Transform } from "node:stream";
import { constants } from "node:zlib";
import { ZSTD } from "../coding/available-codings.ts";
import type { Coding } from "../coding/coding.ts";
import { compressSync, createCompressor, SYNC_BYTES } from "../coding/compress.ts";
import type { CompressionSettings } from "../coding/compression-settings.ts";
import { DIGEST_FIELDS } from "../coding/digest-fields.ts";
import { breakOff } from "../send/break-off.ts";
import { mergeVary } from "../send/header-fields.ts";
import { splitCoding } from "../validation/entity-tag.ts";
import { applyHead, type BodyArguments, readBodyArguments } from "./body-arguments.ts";
import { type Choice, chooseForResponse } from "./choose-for-response.ts";

/** Whether this response is worth it, beside its content type. */
export type ResponseFilter = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * Stands between an application and its response, and compresses what is written.
 *
 * The head is held back until there is something of the body: only then is it known whether a coding will be named in it.
 */
export class ResponseCompressor {
  readonly #res: ServerResponse;
  readonly #settings: CompressionSettings;
  readonly #filter: ResponseFilter | undefined;
  readonly #originals: Pick<ServerResponse, "writeHead" | "write" | "end" | "flushHeaders">;
  #headIsGiven = false;
  /** From then on everything goes where it went before, or through the compressor. */
  #isDecided = false;
  #compressor: Transform | undefined;
  #flushKind = 0;
  #isFlushing = false;
  #hasEnded = false;

  constructor(
    res: ServerResponse,
    settings: CompressionSettings,
    filter: ResponseFilter | undefined,
  ) {
    this.#res = res;
    this.#settings = settings;
    this.#filter = filter;
    this.#originals = {
      writeHead: res.writeHead.bind(res),
      write: res.write.bind(res),
      end: res.end.bind(res),
      flushHeaders: res.flushHeaders.bind(res),
    };
  }

  writeHead(values: readonly unknown[]): void {
    if (this.#isDecided) {
      Reflect.apply(this.#originals.writeHead, this.#res, values);
      return;
    }
    this.#headIsGiven = true;
    applyHead(this.#res, values);
  }

  write(values: readonly unknown[]): boolean {
    if (this.#isDecided && this.#compressor === undefined) return this.#writeAsItIs(values);
    const { chunk, callback } = readBodyArguments(values);
    // Node refuses it, and before the head is sent.
    if (chunk === undefined) return this.#writeAsItIs(values);
    if (!this.#isDecided) this.#decide(undefined);
    const compressor = this.#compressor;
    if (compressor === undefined) return this.#writeAsItIs(values);
    if (this.#hasEnded) {
      if (callback !== undefined) process.nextTick(callback, new Error("write after end"));
      return false;
    }
    const hasRoom = compressor.write(chunk, callback);
    this.#flushSoon();
    return hasRoom;
  }

  #writeAsItIs(values: readonly unknown[]): boolean {
    return Reflect.apply(this.#originals.write, this.#res, values) === true;
  }

  end(values: readonly unknown[]): void {
    const body = readBodyArguments(values);
    const compressor = this.#compressor;
    if (compressor !== undefined) {
      this.#endCompressor(compressor, body);
      return;
    }
    if (!this.#isDecided && this.#endWhole(body)) return;
    Reflect.apply(this.#originals.end, this.#res, values);
  }

  flushHeaders(): void {
    if (!this.#isDecided) this.#decide(undefined);
    this.#originals.flushHeaders();
  }

  /** Sends what was written so far. */
  flush(): void {
    if (this.#compressor !== undefined && !this.#hasEnded) this.#flushSoon();
  }

  /** @returns whether it was sent; `false`: it goes as it is */
  #endWhole({ chunk, callback }: BodyArguments): boolean {
    // Trailers need chunks, and so does who has said that there will be some, as proxies do: a length rules them out (RFC 9112 6.2).
    const isInParts = this.#res.hasHeader("Trailer") || this.#res.hasHeader("Transfer-Encoding");
    if (chunk !== undefined && (isInParts || chunk.byteLength >= SYNC_BYTES)) {
      this.#decide(chunk.byteLength);
      if (this.#compressor === undefined) return false;
      this.#endCompressor(this.#compressor, { chunk, callback });
      return true;
    }
    const coding = this.#chooseWhole(chunk);
    if (coding === undefined || chunk === undefined) return false;
    const coded = compressSync(chunk, coding, this.#settings.levels);
    this.#res.setHeader("Content-Length", coded.byteLength);
    Reflect.apply(this.#originals.end, this.#res, [coded, callback]);
    return true;
  }

  #chooseWhole(chunk: Uint8Array | undefined): Coding | undefined {
    const isHead = this.#res.req.method === "HEAD";
    const { coding } = this.#choose(chunk?.byteLength);
    if (coding === undefined) return undefined;
    // HEAD says what GET would, as far as it is known: by its body, or by the length of it.
    const isKnown = chunk !== undefined || (isHead && this.#res.hasHeader("Content-Length"));
    if (!isKnown) return undefined;
    this.#nameCoding(coding);
    return isHead ? undefined : coding;
  }

  #decide(sizeBytes: number | undefined): void {
    const { coding } = this.#choose(sizeBytes);
    if (coding === undefined) return;
    this.#nameCoding(coding);
    if (this.#res.req.method === "HEAD") return;
    this.#compressor = this.#start(coding);
    // The compressor gives nothing yet, but the head is decided: who asks `headersSent` must not begin another one.
    this.#originals.writeHead(this.#res.statusCode);
  }

  #choose(sizeBytes: number | undefined): Choice {
    const res = this.#res;
    // Through all who listen for the head, as Node does before a body: they may still set fields.
    if (!this.#headIsGiven) res.writeHead(res.statusCode);
    this.#isDecided = true;
    const announced = Number(res.getHeader("content-length") ?? Number.NaN);
    const choice = chooseForResponse(
      {
        status: res.statusCode,
        acceptEncoding: lineOf(res.req.headers["accept-encoding"]),
        contentEncoding: lineOf(res.getHeader("content-encoding")),
        contentRange: lineOf(res.getHeader("content-range")),
        contentType: lineOf(res.getHeader("content-type")),
        cacheControl: lineOf(res.getHeader("cache-control")),
        hasDigest: DIGEST_FIELDS.some((name) => res.hasHeader(name)),
        sizeBytes: sizeBytes ?? (Number.isNaN(announced) ? undefined : announced),
        isWanted: this.#filter === undefined || this.#filter(res.req, res),
      },
      this.#settings,
    );
    if (choice.varies) {
      const vary = mergeVary(lineOf(res.getHeader("vary")), "Accept-Encoding");
      if (vary !== undefined) res.setHeader("Vary", vary);
    }
    if (res.statusCode !== 304) return choice;
    if (choice.coding === undefined) return choice;
    // It stands for the compressed response, whose length is another, and whose tag is a weak one; `send` has strong ones that name a coding.
    res.removeHeader("Content-Length");
    if (!this.#hasTagOfCoding()) this.#weakenTag();
    return { ...choice, coding: undefined };
  }

  #nameCoding(coding: Coding): void {
    this.#res.setHeader("Content-Encoding", coding);
    this.#res.removeHeader("Content-Length");
    // Ranges would count bytes of the body as it was.
    this.#res.removeHeader("Accept-Ranges");
    this.#weakenTag();
  }

  /** A strong tag stands for bytes, and these are others now (RFC 9110 8.8.3.3). */
  #weakenTag(): void {
    const tag = lineOf(this.#res.getHeader("etag"));
    if (tag?.startsWith('"') === true) this.#res.setHeader("ETag", `W/${tag}`);
  }

  #hasTagOfCoding(): boolean {
    const tag = lineOf(this.#res.getHeader("etag")) ?? "";
    return tag.endsWith('"') && splitCoding(tag.slice(0, -1))[1] !== "identity";
  }

  #start(coding: Coding): Transform {
    const res = this.#res;
    const { write, end } = this.#originals;
    const emit = res.emit.bind(res);
    const compressor = createCompressor(coding, this.#settings.levels, "at-end");
    this.#flushKind = flushKindOf(coding);
    compressor.on("data", (part: Uint8Array) => {
      if (!write(part)) compressor.pause();
    });
    compressor.on("end", () => void end());
    compressor.on("error", () => breakOff(res));
    compressor.on("drain", () => void emit("drain"));
    res.on("close", () => void compressor.destroy());
    // The response itself ends when all has come out of the compressor; who asks wants to know whether to end it.
    Object.defineProperty(res, "writableEnded", { configurable: true, get: () => this.#hasEnded });
    res.emit = (event: string | symbol, ...values: unknown[]): boolean => {
      if (event !== "drain") return emit(event, ...values);
      compressor.resume();
      // There is room on the wire, but the application waits for room in the compressor.
      if (compressor.writableNeedDrain) return false;
      return emit(event);
    };
    return compressor;
  }

  #endCompressor(compressor: Transform, { chunk, callback }: BodyArguments): void {
    const res = this.#res;
    if (callback !== undefined) {
      if (res.writableFinished) process.nextTick(callback);
      else res.once("finish", callback);
    }
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    compressor.end(chunk);
  }

  /** Once for all that is written in one turn of the event loop: flushing after each write costs size, not flushing makes clients wait. */
  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setImmediate(() => {
      const compressor = this.#compressor;
      this.#isFlushing = false;
      if (compressor === undefined || this.#hasEnded || compressor.destroyed) return;
      flush(compressor, this.#flushKind);
    });
  }
}

function flushKindOf(coding: Coding): number {
  if (coding === "br") return constants.BROTLI_OPERATION_FLUSH;
  return coding === "zstd" && ZSTD !== undefined ? ZSTD.flush : constants.Z_SYNC_FLUSH;
}

function flush(compressor: Transform, kind: number): void {
  if ("flush" in compressor && typeof compressor.flush === "function") compressor.flush(kind);
}

function lineOf(value: number | string | readonly string[] | undefined): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  return typeof value === "number" ? String(value) : value.join(", ");
}
