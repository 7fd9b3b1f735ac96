import type { Coding } from "../coding/coding.ts";
import { type CompressionLevels, createCompressor } from "../coding/compress.ts";

/** Compresses a whole body on the thread pool. */
export async function compressInBackground(
  body: Uint8Array,
  coding: Coding,
  levels: CompressionLevels,
): Promise<Buffer> {
  const compressor = createCompressor(coding, levels, "at-end");
  compressor.end(body);
  const chunks: Buffer[] = [];
  for await (const chunk of compressor) chunks.push(chunk);
  return Buffer.concat(chunks);
}
