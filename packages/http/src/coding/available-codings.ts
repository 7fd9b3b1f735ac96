import * as zlib from "node:zlib";
import type { Transform } from "node:stream";
import type { Coding } from "./coding.ts";

type ZstdOptions = { readonly params: Readonly<Record<number, number>> };

interface Zstd {
  compress(body: Uint8Array, options: ZstdOptions): Buffer;
  createCompress(options: ZstdOptions & { readonly flush?: number }): Transform;
  readonly levelParameter: number;
  readonly flush: number;
}

/** What the Node that runs has of zstd; `undefined` before 22.15. */
export const ZSTD: Zstd | undefined = detectZstd();

/** In the order of preference: what is smallest for what it costs at the levels that are set by default. */
export const AVAILABLE_CODINGS: readonly Coding[] =
  ZSTD === undefined ? ["br", "gzip"] : ["br", "gzip", "zstd"];

function detectZstd(): Zstd | undefined {
  // The types are those of Node 20.
  const compress: unknown = Reflect.get(zlib, "zstdCompressSync");
  const createCompress: unknown = Reflect.get(zlib, "createZstdCompress");
  const levelParameter: unknown = Reflect.get(zlib.constants, "ZSTD_c_compressionLevel");
  const flush: unknown = Reflect.get(zlib.constants, "ZSTD_e_flush");
  if (!isCompress(compress) || !isCreateCompress(createCompress)) return undefined;
  if (typeof levelParameter !== "number" || typeof flush !== "number") return undefined;
  return { compress, createCompress, levelParameter, flush };
}

function isCompress(value: unknown): value is Zstd["compress"] {
  return typeof value === "function";
}

function isCreateCompress(value: unknown): value is Zstd["createCompress"] {
  return typeof value === "function";
}
