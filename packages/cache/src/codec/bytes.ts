import { types } from "node:util";

/** From memory that holds nothing else. */
const VIEWS: ReadonlyMap<string, (memory: ArrayBuffer) => ArrayBuffer | ArrayBufferView> = new Map<
  string,
  (memory: ArrayBuffer) => ArrayBuffer | ArrayBufferView
>([
  ["ArrayBuffer", (memory) => memory],
  ["DataView", (memory) => new DataView(memory)],
  ["Int8Array", (memory) => new Int8Array(memory)],
  ["Uint8Array", (memory) => new Uint8Array(memory)],
  ["Uint8ClampedArray", (memory) => new Uint8ClampedArray(memory)],
  ["Int16Array", (memory) => new Int16Array(memory)],
  ["Uint16Array", (memory) => new Uint16Array(memory)],
  ["Int32Array", (memory) => new Int32Array(memory)],
  ["Uint32Array", (memory) => new Uint32Array(memory)],
  ["Float32Array", (memory) => new Float32Array(memory)],
  ["Float64Array", (memory) => new Float64Array(memory)],
  ["BigInt64Array", (memory) => new BigInt64Array(memory)],
  ["BigUint64Array", (memory) => new BigUint64Array(memory)],
]);

/** @param tag - what Object.prototype.toString calls it: "Uint8Array" */
export function areKnownBytes(tag: string): boolean {
  return VIEWS.has(tag);
}

/** Only what a view shows travels: its memory may hold much else, and of others. */
export function toByteText(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (Buffer.isBuffer(value)) return `Buffer:${value.toString("base64")}`;
  if (ArrayBuffer.isView(value)) {
    const kind = Object.prototype.toString.call(value).slice("[object ".length, -1);
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return `${kind}:${bytes.toString("base64")}`;
  }
  return types.isArrayBuffer(value)
    ? `ArrayBuffer:${Buffer.from(value).toString("base64")}`
    : undefined;
}

/** @throws {SyntaxError} when the text is not of `toByteText` */
export function fromByteText(text: unknown): ArrayBuffer | ArrayBufferView {
  if (typeof text !== "string") throw new SyntaxError("bytes of a cached value are not text");
  const colon = text.indexOf(":");
  const kind = text.slice(0, colon);
  const bytes = Buffer.from(text.slice(colon + 1), "base64");
  if (kind === "Buffer") return bytes;
  const view = VIEWS.get(kind);
  if (view === undefined) throw new SyntaxError("bytes of a cached value are of no known kind");
  // A copy, since small buffers share their memory, and wider types want its start aligned.
  return view(Uint8Array.from(bytes).buffer);
}
