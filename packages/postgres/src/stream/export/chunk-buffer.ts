/** Large enough that a chunk costs next to nothing, small enough that the first one is soon there. */
const CHUNK_BYTES = 64 * 1024;

/** From here on counting bytes is cheaper than taking three times as many. */
const LONG_TEXT = 1_024;

/**
 * Where rows are written one after the other until a chunk is full. Writers take `bytes` and `length`, write from there, and set `length`.
 *
 * A chunk is never written again after it was handed on: whoever gets it may keep it.
 */
export class ChunkBuffer {
  bytes: Buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  length = 0;
  readonly #onChunk: (chunk: Buffer) => void;

  constructor(onChunk: (chunk: Buffer) => void) {
    this.#onChunk = onChunk;
  }

  /** Makes sure that so many bytes can be written; hands on what is there when they do not fit behind it. */
  reserve(sizeBytes: number): void {
    if (this.bytes.length - this.length >= sizeBytes) return;
    this.flush();
    if (this.bytes.length < sizeBytes) this.bytes = Buffer.allocUnsafeSlow(sizeBytes);
  }

  /** Makes sure that so many bytes can be written, in the middle of a row: what is there stays. */
  grow(sizeBytes: number): void {
    if (this.bytes.length - this.length >= sizeBytes) return;
    const bytes = Buffer.allocUnsafeSlow(Math.max(2 * this.bytes.length, this.length + sizeBytes));
    this.bytes.copy(bytes, 0, 0, this.length);
    this.bytes = bytes;
  }

  write(text: string): void {
    this.grow(text.length > LONG_TEXT ? Buffer.byteLength(text) : 3 * text.length);
    this.length += this.bytes.write(text, this.length);
  }

  writeByte(byte: number): void {
    this.grow(1);
    this.bytes[this.length++] = byte;
  }

  flush(): void {
    if (this.length === 0) return;
    const chunk = this.bytes.subarray(0, this.length);
    this.bytes = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    this.length = 0;
    this.#onChunk(chunk);
  }
}
