import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { brotliDecompressSync, createBrotliDecompress, createGunzip, gunzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import {
  planStream,
  problemOfError,
  stream,
  type StreamResult,
  type StreamSource,
  type StreamToOptions,
} from "../../src/index.ts";
import { get, open, read, serve, type TestServer, until } from "../streaming/http-client.ts";

let server: TestServer | undefined;
afterEach(() => server?.close());

/** Serves one source to every request; `results` tells how each ended. */
async function serveSource(
  source: () => StreamSource,
  options: StreamToOptions = {},
): Promise<{ port: number; results: StreamResult[]; responses: ServerResponse[] }> {
  const results: StreamResult[] = [];
  const responses: ServerResponse[] = [];
  server = await serve((_, response) => {
    responses.push(response);
    void stream(response, source(), options).then((result) => results.push(result));
  });
  return { port: server.port, results, responses };
}

async function* count(to: number): AsyncGenerator<{ n: number }> {
  for (let n = 1; n <= to; n += 1) yield { n };
}

async function* failing(
  after: number,
  error: unknown = new Error("secret"),
): AsyncGenerator<object> {
  yield* count(after);
  throw error;
}

/** Waited at, and opened from outside; each opening lets one wait through. */
function gate(): { passed: () => Promise<void>; open: () => void } {
  let waiting: (() => void) | undefined;
  return {
    passed: () => new Promise<void>((resolve) => (waiting = resolve)),
    open: () => waiting?.(),
  };
}

const writeThenFail: StreamSource = async (_, to) => {
  to.write("x".repeat(1_000));
  await new Promise(setImmediate);
  throw new Error("late");
};

/** Values without end, and what was told to their iterator. */
function endless(value: unknown): {
  source: StreamSource;
  taken: () => number;
  left: () => number;
} {
  let [taken, left] = [0, 0];
  const iterator: AsyncIterableIterator<unknown> = {
    [Symbol.asyncIterator]: () => iterator,
    next() {
      taken += 1;
      return Promise.resolve({ done: false, value });
    },
    return() {
      left += 1;
      return Promise.resolve({ done: true, value: undefined });
    },
  };
  return { source: iterator, taken: () => taken, left: () => left };
}

const request = (method = "GET", accept?: string) => ({
  method,
  url: "/",
  header: (name: string) => (name === "accept" ? accept : undefined),
});

describe("formats", () => {
  test.each([
    ["application/json", "application/json; charset=utf-8", '[{"n":1},{"n":2}]'],
    ["*/*", "application/json; charset=utf-8", '[{"n":1},{"n":2}]'],
    ["application/x-ndjson", "application/x-ndjson; charset=utf-8", '{"n":1}\n{"n":2}\n'],
    ["text/csv", "text/csv; charset=utf-8", "n\r\n1\r\n2\r\n"],
  ])("a client that accepts %s gets %s", async (accept, type, body) => {
    const { port, results } = await serveSource(() => count(2));
    const seen = await get(port, { headers: { accept } });
    expect(seen).toMatchObject({ status: 200, body, isWhole: true });
    expect(seen.headers).toMatchObject({ "content-type": type, vary: "Accept, Accept-Encoding" });
    expect(results).toEqual([{ isComplete: true, sizeBytes: body.length }]);
  });

  test("a client that accepts none gets 406 and the source is not begun", async () => {
    let begun = 0;
    const { port } = await serveSource(() => () => {
      begun += 1;
      return [];
    });
    const seen = await get(port, { headers: { accept: "image/png" } });
    expect(seen).toMatchObject({ status: 406, isWhole: true });
    expect(JSON.parse(seen.body)).toMatchObject({
      status: 406,
      code: "UPSHIFT_NOT_ACCEPTABLE",
      detail: expect.stringContaining("application/json, application/x-ndjson, text/csv"),
    });
    expect(begun).toBe(0);
  });

  test("a HEAD request gets the head of it and does not begin the source", async () => {
    let begun = 0;
    const { port, results } = await serveSource(() => () => {
      begun += 1;
      return count(1);
    });
    const seen = await get(port, { method: "HEAD", headers: { "accept-encoding": "gzip" } });
    expect(seen).toMatchObject({ status: 200, body: "", isWhole: true });
    expect(seen.headers).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      "content-encoding": "gzip",
    });
    expect(begun).toBe(0);
    expect(results).toEqual([{ isComplete: true, sizeBytes: 0 }]);
  });

  test("what is set on the response stays, and Vary is added to", async () => {
    server = await serve((_, response) => {
      response.setHeader("Content-Type", "application/vnd.items+json");
      response.setHeader("Vary", "Origin");
      response.setHeader("X-Kept", "yes");
      void stream(response, count(1), { format: "json" });
    });
    expect((await get(server.port)).headers).toMatchObject({
      "content-type": "application/vnd.items+json",
      vary: "Origin, Accept-Encoding",
      "x-kept": "yes",
    });
  });

  test.each([
    ["HEAD", { method: "HEAD" }, {}, 200],
    ["a format that there is not", { headers: { accept: "image/png" } }, {}, 406],
    ["a signal that was aborted before", {}, { signal: AbortSignal.abort() }, 500],
  ])("a source that is not begun is ended, by %s", async (_why, asked, options, status) => {
    const source = Readable.from([1]);
    const { port } = await serveSource(() => source, options);
    expect((await get(port, asked)).status).toBe(status);
    expect(source.destroyed).toBe(true);
  });

  test.each([
    ["*", "*"],
    ["accept-encoding", "accept-encoding, Accept"],
  ])("Vary: %s is not repeated, and * stays alone", async (given, vary) => {
    const { port } = await serveSource(() => count(1), { headers: { vary: given } });
    expect((await get(port)).headers.vary).toBe(vary);
  });

  test("a length that was set is dropped, and a strong tag is weak for another coding", async () => {
    server = await serve((_, response) => {
      response.setHeader("Content-Length", "7");
      response.setHeader("ETag", '"v1"');
      void stream(response, count(2), { format: "json" });
    });
    const plain = await get(server.port);
    expect(plain).toMatchObject({ body: '[{"n":1},{"n":2}]', isWhole: true });
    expect(plain.headers["etag"]).toBe('"v1"');
    const coded = await get(server.port, { headers: { "accept-encoding": "gzip" } });
    expect(gunzipSync(coded.bytes).toString()).toBe(plain.body);
    expect(coded.headers["etag"]).toBe('W/"v1"');
  });

  test("a source without values is an empty document", async () => {
    const { port } = await serveSource(() => []);
    expect(await get(port)).toMatchObject({ status: 200, body: "[]", isWhole: true });
  });

  test.each<readonly [string, () => unknown]>([
    ["a promise", () => Promise.reject(new Error("no connection"))],
    ["an object", () => ({ rows: [] })],
    ["a string", () => "1,2,3"],
    ["undefined", () => undefined],
    ["null", () => null],
  ])("%s is no source, and nothing is sent", async (kind, give) => {
    const refusal = expect.objectContaining({
      code: "UPSHIFT_INVALID_ARGUMENT",
      message: expect.stringContaining(`got "${kind}"`) as string,
    }) as unknown;
    const answered: unknown[] = [];
    const answer = async (response: ServerResponse): Promise<void> => {
      const sent = stream(response, give() as StreamSource);
      answered.push(await sent.catch((error: unknown) => error), response.headersSent);
      response.end();
    };
    server = await serve((_, response) => void answer(response));
    await get(server.port);
    expect(answered).toEqual([refusal, false]);
    await expect(planStream(request(), give() as StreamSource)).rejects.toEqual(refusal);
  });

  test("a response that has begun and options that cannot work are refused at once", async () => {
    const errors: unknown[] = [];
    server = await serve((_, response) => {
      const attempts = [{ format: "xml" }, { onEnd: "x" }, { idleTimeout: 0 }, { formats: [] }];
      const refused = attempts.map((options) =>
        stream(response, [], options as unknown as StreamToOptions).catch((error: unknown) =>
          errors.push(error),
        ),
      );
      const begin = async (): Promise<void> => {
        await Promise.all(refused);
        response.write("begun");
        await stream(response, []).catch((error: unknown) => errors.push(error));
        response.end();
      };
      void begin();
    });
    expect(await get(server.port)).toMatchObject({ body: "begun" });
    expect(errors.map((error) => (error as { code: string }).code)).toEqual(
      Array.from({ length: 5 }, () => "UPSHIFT_INVALID_ARGUMENT"),
    );
  });
});

describe("compression", () => {
  test.each([
    ["gzip", "gzip", gunzipSync],
    ["br, gzip", "br", brotliDecompressSync],
    ["gzip, br;q=0.5", "gzip", gunzipSync],
  ])("for %s is %s, and is what was streamed", async (accepted, coding, decode) => {
    const { port, results } = await serveSource(() => count(20_000));
    const seen = await get(port, { headers: { "accept-encoding": accepted } });
    expect(seen.headers["content-encoding"]).toBe(coding);
    expect(seen.isWhole).toBe(true);
    const values = JSON.parse(decode(seen.bytes).toString()) as { n: number }[];
    expect(values.length).toBe(20_000);
    expect(values.at(-1)).toEqual({ n: 20_000 });
    expect(results[0]?.sizeBytes).toBe(seen.bytes.length);
    // 228,894 characters as they are.
    expect(seen.bytes.length).toBeLessThan(80_000);
  });

  test.each(["gzip", "br"])(
    "by %s lets every value through as soon as the source is waited for",
    async (coding) => {
      const step = gate();
      const { port } = await serveSource(
        () =>
          (async function* () {
            for (let n = 0; n < 3; n += 1) {
              yield { n };
              await step.passed();
            }
          })(),
        { format: "ndjson" },
      );
      const response = await open(port, { headers: { "accept-encoding": coding } });
      const decoded = response.pipe(coding === "gzip" ? createGunzip() : createBrotliDecompress());
      for (let n = 0; n < 3; n += 1) {
        // The source goes on only after its value has arrived: without a flush this never ends.
        const [chunk] = (await once(decoded, "data")) as [Buffer];
        expect(chunk.toString()).toBe(`{"n":${n}}\n`);
        step.open();
      }
      await once(decoded, "end");
    },
  );

  test.each([
    [{ "cache-control": "public, no-transform" }, {}],
    [{}, { compression: false }],
    [{ "content-encoding": "identity" }, {}],
  ])("is not done with headers %j and options %j", async (headers, options) => {
    server = await serve((_, response) => {
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      void stream(response, count(2), { format: "json", ...options });
    });
    const seen = await get(server.port, { headers: { "accept-encoding": "gzip" } });
    expect(seen.body).toBe('[{"n":1},{"n":2}]');
  });

  test("compressed or not, a source that fails later is seen to have failed", async () => {
    const { port } = await serveSource(() => failing(50_000));
    for (const coding of ["identity", "gzip", "br"]) {
      const seen = await get(port, { headers: { "accept-encoding": coding } });
      expect(seen).toMatchObject({ status: 200, isWhole: false });
    }
  });
});

describe("failures", () => {
  test("before the first byte the status is real, and nothing of the error is told", async () => {
    const told: unknown[] = [];
    const { port, results } = await serveSource(() => failing(0), {
      onError: (error) => void told.push(error),
    });
    const seen = await get(port, { headers: { "accept-encoding": "gzip" } });
    expect(seen).toMatchObject({
      status: 500,
      body: '{"title":"Internal Server Error","status":500}',
      isWhole: true,
    });
    expect(seen.headers).toMatchObject({
      "content-type": "application/problem+json",
      "content-length": "46",
      "cache-control": "no-store",
    });
    expect(seen.headers["content-encoding"]).toBe(undefined);
    expect(results).toEqual([{ isComplete: false, sizeBytes: 0, error: new Error("secret") }]);
    expect(told).toEqual([new Error("secret")]);
  });

  test("a failure after a few values that were all at hand is still before the first byte", async () => {
    const { port } = await serveSource(() => failing(3));
    expect(await get(port)).toMatchObject({ status: 500, isWhole: true });
  });

  test("the answer can be the caller's, or be left to it", async () => {
    const { port } = await serveSource(() => failing(0), {
      onError: () => ({ status: 503, title: "Try later" }),
    });
    expect(await get(port)).toMatchObject({ status: 503 });
    await server?.close();
    server = await serve((_, response) => {
      stream(response, failing(0), { errors: "throw" }).catch((error: Error) => {
        response.statusCode = 418;
        response.end(error.message);
      });
    });
    expect(await get(server.port)).toMatchObject({ status: 418, body: "secret", isWhole: true });
  });

  test.each(["json", "ndjson", "csv"] as const)(
    "after the first byte of %s the connection is broken off",
    async (format) => {
      const { port, results } = await serveSource(() => failing(50_000), { format });
      const seen = await get(port);
      expect(seen).toMatchObject({ status: 200, isWhole: false });
      expect(seen.body).not.toContain("secret");
      await until(() => results.length === 1);
      expect(results[0]).toMatchObject({ isComplete: false, error: new Error("secret") });
    },
  );

  test("a client of HTTP/1.0, where the end of the connection is the end of the body, sees a reset", async () => {
    const failure = gate();
    const { port } = await serveSource(() =>
      (async function* () {
        yield 1;
        await failure.passed();
        throw new Error("late");
      })(),
    );
    const socket = connect(port, "127.0.0.1");
    socket.write("GET / HTTP/1.0\r\n\r\n");
    await once(socket, "data");
    failure.open();
    await expect(once(socket, "end")).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  test("a header that cannot be sent, and a hook that throws, leave neither client nor source waiting", async () => {
    const bad = endless("x");
    const { port } = await serveSource(() => bad.source, { headers: { "x-bad": "a\r\nb" } });
    expect(await get(port)).toMatchObject({ status: 500, isWhole: true });
    await until(() => bad.left() === 1);
    await server?.close();
    const errors: unknown[] = [];
    server = await serve((_, response) => {
      stream(response, failing(0), {
        onError: () => {
          throw new Error("hook");
        },
      }).catch((error: unknown) => errors.push(error));
    });
    await expect(get(server.port)).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(errors).toEqual([new Error("hook")]);
  });

  test("values without JSON end the response as other failures do", async () => {
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    const { port } = await serveSource(() => [circular]);
    expect(await get(port)).toMatchObject({ status: 500 });
  });

  test("a writer that rejects, throws, or forgets the end is a failure", async () => {
    const writers: StreamSource[] = [
      async () => Promise.reject(new Error("rejected")),
      () => {
        throw new Error("thrown");
      },
      async () => undefined,
      (_, to) => Promise.resolve(to.destroy(new Error("destroyed"))),
      (() => 7) as unknown as StreamSource,
    ];
    for (const writer of writers) {
      const { port } = await serveSource(() => writer);
      expect(await get(port)).toMatchObject({ status: 500, isWhole: true });
      await server?.close();
    }
    const { port } = await serveSource(() => writeThenFail);
    const seen = await get(port);
    expect(seen.isWhole && seen.status === 200).toBe(false);
  });
});

describe("clients that go or are slow", () => {
  test.each(["identity", "gzip"])("a client that goes ends the source (%s)", async (coding) => {
    const { source, left } = endless("x".repeat(1_000));
    const told: unknown[] = [];
    const { port, results } = await serveSource(() => source, {
      onError: (error) => void told.push(error),
    });
    const response = await open(port, { headers: { "accept-encoding": coding } });
    await once(response, "data");
    response.destroy();
    await until(() => results.length === 1 && left() === 1);
    expect(results[0]).toMatchObject({
      isComplete: false,
      error: { code: "UPSHIFT_RESPONSE_CLOSED" },
    });
    expect(told).toEqual([]);
  });

  test("a client that goes before the first value ends a silent source, by its signal too", async () => {
    const reasons: unknown[] = [];
    let begun = 0;
    const { port, results } = await serveSource(() => ({ signal }) => {
      begun += 1;
      signal.addEventListener("abort", () => reasons.push(signal.reason), { once: true });
      return (async function* () {
        await new Promise(() => undefined);
        yield 1;
      })();
    });
    const socket = connect(port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => begun === 1);
    socket.destroy();
    await until(() => results.length === 1);
    expect(reasons).toMatchObject([{ code: "UPSHIFT_RESPONSE_CLOSED" }]);
  });

  test("a client that does not read makes the source wait, and its time ends it", async () => {
    const { source, taken, left } = endless("x".repeat(1_000));
    const { port, results } = await serveSource(() => source, { idleTimeout: 300 });
    const response = await open(port);
    response.on("error", () => undefined);
    response.pause();
    await until(() => results.length === 1);
    expect(results[0]).toMatchObject({ error: { code: "UPSHIFT_RESPONSE_IDLE" } });
    expect(left()).toBe(1);
    // Sockets of both sides hold a few MB; the source had no end.
    expect(taken()).toBeLessThan(50_000);
    response.resume();
    await until(() => response.closed);
    expect(response.complete).toBe(false);
  });

  test("a client that reads after a while gets everything", async () => {
    const { port } = await serveSource(() => count(300_000), { format: "ndjson" });
    const response = await open(port);
    await new Promise(setImmediate);
    const seen = await read(response);
    expect(seen.isWhole).toBe(true);
    expect(seen.body.endsWith('{"n":300000}\n')).toBe(true);
  });

  test("the caller's signal ends the response and keeps no listener", async () => {
    const controller = new AbortController();
    const { source, left } = endless("x".repeat(1_000));
    let listeners = 0;
    const add = controller.signal.addEventListener.bind(controller.signal);
    const remove = controller.signal.removeEventListener.bind(controller.signal);
    Object.assign(controller.signal, {
      addEventListener: (...args: Parameters<typeof add>) => {
        listeners += 1;
        add(...args);
      },
      removeEventListener: (...args: Parameters<typeof remove>) => {
        listeners -= 1;
        remove(...args);
      },
    });
    const { port, results } = await serveSource(() => source, { signal: controller.signal });
    const response = await open(port);
    await once(response, "data");
    controller.abort(new Error("shutting down"));
    expect(await read(response)).toMatchObject({ isWhole: false });
    await until(() => results.length === 1);
    expect(results[0]?.error).toEqual(new Error("shutting down"));
    expect([left(), listeners]).toEqual([1, 0]);
  });

  test("listeners of responses are gone after each, on a connection that stays open", async () => {
    const { port, responses } = await serveSource(() => count(10));
    for (let i = 0; i < 3; i += 1) await get(port);
    const counts = responses.map((response) =>
      ["drain", "close", "finish", "error"].map((name) => response.listenerCount(name)),
    );
    expect(counts).toEqual(
      Array.from({ length: 3 }, () => [0, expect.any(Number), expect.any(Number), 0]),
    );
  });
});

describe("a planned stream, for whatever sends it", () => {
  test("is a status, headers and chunks", async () => {
    const { status, headers, body } = await planStream(request("GET", "text/csv"), count(2));
    expect({ status, type: headers["content-type"] }).toEqual({
      status: 200,
      type: "text/csv; charset=utf-8",
    });
    expect(await text(body as AsyncIterable<Uint8Array>)).toBe("n\r\n1\r\n2\r\n");
  });

  test("fails before the first byte with a status, and later by its body", async () => {
    const early = await planStream(request(), failing(0));
    expect(early).toMatchObject({ status: 500 });
    const late = await planStream(request(), failing(50_000));
    await expect(text(late.body as AsyncIterable<Uint8Array>)).rejects.toThrow("secret");
  });

  test("ends its source when the body is not read to its end, or never", async () => {
    let left = 0;
    const source = async function* () {
      try {
        yield* count(1e9);
      } finally {
        left += 1;
      }
    };
    const first = await planStream(request(), source());
    for await (const _ of first.body as AsyncIterable<Uint8Array>) break;
    expect(left).toBe(1);
    const controller = new AbortController();
    const second = await planStream(request(), source(), { signal: controller.signal });
    expect(second.status).toBe(200);
    controller.abort(new Error("gone"));
    await until(() => left === 2);
    await expect(text(second.body as AsyncIterable<Uint8Array>)).rejects.toThrow("gone");
  });

  test("tells clients of failures only what was meant for them", () => {
    const exposed = Object.assign(new Error("bad id"), { status: 422, expose: true });
    expect(problemOfError(exposed)).toEqual({ status: 422, detail: "bad id" });
    expect(problemOfError(Object.assign(new Error("x"), { statusCode: 404 }))).toEqual({
      status: 404,
    });
    for (const error of [
      new Error("x"),
      Object.assign(new Error("x"), { status: 503 }),
      "x",
      null,
    ]) {
      expect(problemOfError(error)).toEqual({ status: 500 });
    }
  });
});
