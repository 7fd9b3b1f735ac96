import type { Transform } from "node:stream";
import * as zlib from "node:zlib";
import { InvalidArgumentError } from "@upshift/foundation";
import { ZSTD } from "./available-codings.ts";
import type { Coding } from "./coding.ts";

const { BROTLI_OPERATION_FLUSH, BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT, Z_SYNC_FLUSH } =
  zlib.constants;

/** How hard to compress. */
export interface CompressionLevels {
  /** 1 to 9. Default 6. */
  readonly gzip: number;
  /** 0 to 11. Default 3; 11, the default of Node, takes seconds per megabyte. */
  readonly br: number;
  /** 1 to 22. Default 3. */
  readonly zstd: number;
}

/**
 * For bodies that are compressed for one request. 10 KB of JSON: gzip 6 in 128 us to 1,899 bytes (4: 98 us, 2,018), br 3 in 92 us to
 * 1,598 (4: 175 us, 1,598; 5: 293 us, 1,581). 800 KB: gzip 6 in 29 ms to 293 KB, br 3 in 10 ms to 214 KB (4: 17 ms, 198 KB; 5: 32 ms,
 * 181 KB). What is compressed once and sent often is worth more.
 */
export const DEFAULT_LEVELS: CompressionLevels = { gzip: 6, br: 3, zstd: 3 };

const RANGES: Readonly<Record<Coding, readonly [number, number]>> = {
  gzip: [1, 9],
  br: [0, 11],
  zstd: [1, 22],
};

/**
 * Levels with the defaults for what is not given.
 *
 * @throws {InvalidArgumentError} for a level that the coding does not have
 */
export function toLevels(levels: Partial<CompressionLevels> | undefined): CompressionLevels {
  if (levels === undefined) return DEFAULT_LEVELS;
  const all = { ...DEFAULT_LEVELS, ...levels };
  for (const coding of ["gzip", "br", "zstd"] as const) {
    const [least, most] = RANGES[coding];
    const level = all[coding];
    if (!Number.isInteger(level) || level < least || level > most) {
      throw new InvalidArgumentError(
        `\`levels.${coding}\` as an integer from ${least} to ${most}`,
        level,
      );
    }
  }
  return all;
}

/**
 * Bodies of this size and more go to the thread pool and are streamed. Below it the way there and back costs more than the work, which
 * holds this thread for at most about 2 ms.
 */
export const SYNC_BYTES: number = 64 * 1_024;

/** Compresses at once, on this thread. */
export function compressSync(body: Uint8Array, coding: Coding, levels: CompressionLevels): Buffer {
  if (coding === "br") {
    const params = {
      [BROTLI_PARAM_QUALITY]: levels.br,
      [BROTLI_PARAM_SIZE_HINT]: body.byteLength,
    };
    return zlib.brotliCompressSync(body, { params });
  }
  if (coding === "zstd" && ZSTD !== undefined) {
    return ZSTD.compress(body, { params: { [ZSTD.levelParameter]: levels.zstd } });
  }
  return zlib.gzipSync(body, { level: levels.gzip });
}

/**
 * A compressor that works on the thread pool.
 *
 * @param flushes - `each-write`: what is written can be read by the client at once, for slow sources. `at-end`: smallest
 */
export function createCompressor(
  coding: Coding,
  levels: CompressionLevels,
  flushes: "each-write" | "at-end",
): Transform {
  const eachWrite = flushes === "each-write";
  if (coding === "br") {
    return zlib.createBrotliCompress({
      params: { [BROTLI_PARAM_QUALITY]: levels.br },
      ...(eachWrite ? { flush: BROTLI_OPERATION_FLUSH } : {}),
    });
  }
  if (coding === "zstd" && ZSTD !== undefined) {
    return ZSTD.createCompress({
      params: { [ZSTD.levelParameter]: levels.zstd },
      ...(eachWrite ? { flush: ZSTD.flush } : {}),
    });
  }
  return zlib.createGzip({
    level: levels.gzip,
    ...(eachWrite ? { flush: Z_SYNC_FLUSH } : {}),
  });
}
