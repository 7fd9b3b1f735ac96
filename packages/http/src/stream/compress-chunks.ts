import { constants, createBrotliCompress, createGzip } from "node:zlib";
import { isReady } from "./is-ready.ts";

/** Codings of a stream, the best first: at these levels brotli is smaller and no slower than gzip. */
export const STREAM_CODINGS = ["br", "gzip"] as const;

export type StreamCoding = (typeof STREAM_CODINGS)[number];

type Engine = ReturnType<typeof createGzip> | ReturnType<typeof createBrotliCompress>;

/** As `zlib` has it by default; 4 of brotli takes the same time. A window of 256 KB instead of 4 MB: many streams at once are so much memory each. */
function createEngine(coding: StreamCoding): Engine {
  if (coding === "gzip") return createGzip({ level: 6 });
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN } = constants;
  return createBrotliCompress({
    params: { [BROTLI_PARAM_QUALITY]: 4, [BROTLI_PARAM_LGWIN]: 18 },
  });
}

/**
 * Chunks, compressed. Whenever the next chunk is not at hand, all that came before it is flushed: a client sees each value as soon as it would without compression, and a source that is
 * never waited for is compressed as one.
 *
 * @yields bytes of the coding
 */
export async function* compressChunks(
  chunks: AsyncGenerator<Buffer, void, void>,
  coding: StreamCoding,
): AsyncGenerator<Buffer, void, void> {
  const engine = createEngine(coding);
  const output = collect(engine);
  let isHeld = false;
  try {
    for (;;) {
      const next = chunks.next();
      // Awaited below, unless what is flushed before is not wanted any more.
      next.catch(() => undefined);
      if (isHeld && !(await isReady(next))) {
        await output.done((settle) =>
          engine.flush(
            coding === "gzip" ? constants.Z_SYNC_FLUSH : constants.BROTLI_OPERATION_FLUSH,
            settle,
          ),
        );
        yield* output.take();
        isHeld = false;
      }
      const result = await next;
      if (result.done === true) break;
      const { value } = result;
      await output.done((settle) => engine.write(value, settle));
      isHeld = true;
      yield* output.take();
    }
    await output.done((settle) => engine.end(settle));
    await output.ended;
    yield* output.take();
  } finally {
    engine.destroy();
    await chunks.return();
  }
}

interface Output {
  /** Runs one step of the engine. @throws what the engine failed with */
  done(step: (settle: (error?: Error | null) => void) => void): Promise<void>;
  /** What has come out. */
  take(): readonly Buffer[];
  /** Never rejects. */
  readonly ended: Promise<void>;
}

/** What comes out of one step is bounded by what went in, so it is let to flow. */
function collect(engine: Engine): Output {
  let chunks: Buffer[] = [];
  let failure: Error | undefined;
  // Of the step that runs: a promise of the engine's failure would keep something of every step for as long as the stream lasts.
  let fail: ((error: Error) => void) | undefined;
  engine.on("data", (chunk: Buffer) => chunks.push(chunk));
  engine.on("error", (error: Error) => {
    failure = error;
    fail?.(error);
  });
  return {
    done: (step) =>
      new Promise<void>((resolve, reject) => {
        fail = reject;
        if (failure !== undefined) reject(failure);
        else step((error) => (error instanceof Error ? reject(error) : resolve()));
      }),
    take() {
      // What is ready and not yet told by an event.
      while (engine.read() !== null) continue;
      const taken = chunks;
      chunks = [];
      return taken;
    },
    ended: new Promise((resolve) => {
      engine.once("end", resolve);
      engine.once("close", resolve);
    }),
  };
}
