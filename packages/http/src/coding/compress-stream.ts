import { pipeline, Readable, type Transform } from "node:stream";
import { discard } from "../send/content.ts";
import type { Coding } from "./coding.ts";
import { type CompressionLevels, createCompressor, DEFAULT_LEVELS } from "./compress.ts";

/**
 * A compressed stream of a stream: reads ahead no more than a few chunks, ends `source` when the reader leaves, fails when it fails.
 *
 * Nothing is begun before it is read.
 */
export class CompressedStream implements AsyncIterable<Uint8Array> {
  readonly #source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  readonly #coding: Coding;
  readonly #levels: CompressionLevels;
  #compressor: Transform | undefined;

  /** @param source - each chunk is flushed to the client, so give few large ones or the size suffers */
  constructor(
    source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    coding: Coding,
    levels: CompressionLevels = DEFAULT_LEVELS,
  ) {
    this.#source = source;
    this.#coding = coding;
    this.#levels = levels;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    const compressor = createCompressor(this.#coding, this.#levels, "each-write");
    this.#compressor = compressor;
    const source = this.#source instanceof Readable ? this.#source : Readable.from(this.#source);
    // The error comes out of the compressor, which the pipeline destroys with it.
    pipeline(source, compressor, () => {});
    return compressor[Symbol.asyncIterator]();
  }

  /** Ends it and its source at once, also one that stands still: an iterator would wait for its next chunk. */
  destroy(): void {
    this.#compressor?.destroy();
    // Once begun, all but a Readable end with the compressor.
    if (this.#compressor === undefined || this.#source instanceof Readable) discard(this.#source);
  }
}

/** A part of a body: large enough to compress well, small enough that the first bytes leave soon. */
const SLICE_BYTES = 64 * 1_024;

/**
 * The parts of a body that is in memory, for `compressStream`; copies nothing.
 *
 * @yields views of `body`
 */
export function* slicesOf(body: Uint8Array): Generator<Uint8Array, void, undefined> {
  for (let start = 0; start < body.byteLength; start += SLICE_BYTES) {
    yield body.subarray(start, start + SLICE_BYTES);
  }
}
