import { Readable } from "node:stream";
import * as zlib from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AVAILABLE_CODINGS } from "./available-codings.ts";
import { compressSync, DEFAULT_LEVELS, toLevels } from "./compress.ts";
import { CompressedStream, slicesOf } from "./compress-stream.ts";

const DECODE = { gzip: zlib.gunzipSync, br: zlib.brotliDecompressSync };

describe.each(["gzip", "br"] as const)("%s", (coding) => {
  it("any body reads back, at once and streamed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5_000 }), async (body) => {
        expect(DECODE[coding](compressSync(body, coding, DEFAULT_LEVELS)).equals(body)).toBe(true);
        const streamed = await collect(new CompressedStream(slicesOf(body), coding));
        expect(DECODE[coding](streamed).equals(body)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it("a large body is streamed in many parts", async () => {
    const body = Buffer.from(
      Array.from({ length: 40_000 }, (_, index) => `${index * 7919},`).join(""),
    );
    const parts: Uint8Array[] = [];
    for await (const part of new CompressedStream(slicesOf(body), coding)) parts.push(part);
    expect(parts.length).toBeGreaterThan(3);
    expect(DECODE[coding](Buffer.concat(parts)).equals(body)).toBe(true);
  });

  it("a source that fails makes it fail", async () => {
    await expect(collect(new CompressedStream(broken(), coding))).rejects.toThrow("broken");
  });

  it("destroyed, it ends a source that stands still", async () => {
    const source = new Readable({ read: () => {} });
    const stream = new CompressedStream(source, coding);
    const next = stream[Symbol.asyncIterator]().next();
    stream.destroy();
    await expect(next).rejects.toMatchObject({ code: "ERR_STREAM_PREMATURE_CLOSE" });
    expect(source.destroyed).toBe(true);
  });

  it("a reader that leaves ends the source", async () => {
    let isReleased = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield await Promise.resolve(Buffer.alloc(1_000, 1));
      } finally {
        isReleased = true;
      }
    }
    for await (const part of new CompressedStream(endless(), coding)) {
      expect(part.byteLength).toBeGreaterThan(0);
      break;
    }
    await expect.poll(() => isReleased).toBe(true);
  });
});

it("zstd is offered where Node has it, and all that is offered reads back", async () => {
  expect(AVAILABLE_CODINGS.includes("zstd")).toBe("zstdCompressSync" in zlib);
  const body = Buffer.from("some text ".repeat(20_000));
  const unzstd = Reflect.get(zlib, "zstdDecompressSync") as (coded: Uint8Array) => Buffer;
  const decode = { ...DECODE, zstd: unzstd };
  for (const coding of AVAILABLE_CODINGS) {
    expect(decode[coding](compressSync(body, coding, DEFAULT_LEVELS)).equals(body)).toBe(true);
    const streamed = await collect(new CompressedStream(slicesOf(body), coding));
    expect(decode[coding](streamed).equals(body)).toBe(true);
    expect(streamed.byteLength).toBeLessThan(body.byteLength / 10);
  }
});

it("levels that are not given are the default, others are checked", () => {
  expect(toLevels({ br: 5 })).toEqual({ gzip: 6, br: 5, zstd: 3 });
  expect(() => toLevels({ gzip: 0 })).toThrow(/levels.gzip/);
  expect(() => toLevels({ br: 12 })).toThrow(/levels.br/);
  expect(() => toLevels({ zstd: 2.5 })).toThrow(/levels.zstd/);
});

async function collect(parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}

/** @yields a part, and fails */
async function* broken(): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from("first"));
  throw new Error("broken");
}
