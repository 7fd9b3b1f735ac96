import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { Readable } from "node:stream";
import { createGunzip, gunzipSync } from "node:zlib";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { StartedServer } from "../conformance/conformance-suite.ts";
import { type ExchangeHandler, FRAMEWORKS } from "../conformance/frameworks.ts";
import { rawRequest, type RawAnswer } from "../conformance/raw-request.ts";

const agent = new Agent({ keepAlive: true });
const servers: StartedServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
afterAll(() => agent.destroy());

function get(port: number, headers: Record<string, string> = {}): Promise<RawAnswer> {
  return rawRequest({ port, agent, method: "GET", path: "/", headers });
}

const TEXT = Buffer.from("line of text\n".repeat(1_000));

describe.each(Object.entries(FRAMEWORKS))("send in %s", (name, startServer) => {
  async function start(handler: ExchangeHandler): Promise<number> {
    const server = await startServer(handler);
    servers.push(server);
    return server.port;
  }

  it("what was set before is sent: Vary and cookies add up, own fields replace", async () => {
    const port = await start(({ append, send }) => {
      append("vary", "Origin");
      append("set-cookie", "a=1");
      append("x-mark", "before");
      append("x-kept", "yes");
      return send(
        { id: 1 },
        { headers: { "Set-Cookie": "b=2", "X-Mark": "after" }, vary: "Accept" },
      );
    });
    const { fields, counts } = await get(port);
    expect(fields["vary"]?.toLowerCase()).toBe("origin, accept, accept-encoding");
    expect(fields).toMatchObject({ "x-mark": "after", "x-kept": "yes", "set-cookie": "a=1, b=2" });
    expect(counts).toMatchObject({ vary: 1, "x-mark": 1, "set-cookie": 2 });
  });

  it("a stored plan is written with what was set before", async () => {
    const port = await start(({ append, write }) => {
      append("vary", "Origin");
      append("set-cookie", "a=1");
      append("content-type", "text/html");
      append("x-kept", "yes");
      return write({
        status: 304,
        headers: { etag: '"x"', vary: "Accept-Encoding" },
        body: undefined,
      });
    });
    const { status, fields, counts } = await get(port);
    expect(status).toBe(304);
    expect(fields).toMatchObject({ etag: '"x"', "x-kept": "yes", "set-cookie": "a=1" });
    expect(fields["vary"]?.toLowerCase()).toBe("origin, accept-encoding");
    expect(counts["vary"]).toBe(1);
    expect(fields["content-type"]).toBeUndefined();
  });

  it("a cookie that was set before keeps a response from being public", async () => {
    const port = await start(({ append, send, write }) => {
      append("set-cookie", "a=1");
      try {
        return send({ id: 1 }, { cacheControl: { public: true, maxAge: "1m" } });
      } catch {
        return write({
          status: 200,
          headers: { "cache-control": "s-maxage=60" },
          body: Buffer.from("{}"),
        });
      }
    });
    const { status, body } = await get(port);
    expect([status, body.toString()]).toEqual([500, "UPSHIFT_HTTP_PUBLIC_COOKIE"]);
  });

  it.each(["a\r\nX-Injected: 1", "a\nb", "a\0b", "a\u2028b", "\u{1f600}"])(
    "a value that would break the message is refused: %j",
    async (value) => {
      const port = await start(({ send }) => send({ id: 1 }, { headers: { "X-Name": value } }));
      const { status, fields, body } = await get(port);
      expect([status, body.toString()]).toEqual([500, "UPSHIFT_HTTP_INVALID_HEADER"]);
      expect(fields["x-injected"]).toBeUndefined();
    },
  );

  it("a body is built only when it is needed", async () => {
    let builds = 0;
    const port = await start(({ send }) =>
      send(
        async () => {
          builds += 1;
          return await Promise.resolve({ builds });
        },
        { validator: async () => await Promise.resolve(7) },
      ),
    );
    const { fields, body } = await get(port);
    expect(body.toString()).toBe('{"builds":1}');
    const second = await get(port, { "if-none-match": fields["etag"] ?? "" });
    expect([second.status, builds]).toEqual([304, 1]);
  });

  it.each([
    ["the body", (): Promise<unknown> => Promise.reject(new Error("no rows")), {}],
    [
      "the version",
      (): unknown => 1,
      { validator: (): Promise<number> => Promise.reject(new Error("no rows")) },
    ],
  ])("what goes wrong with %s reaches the error handler", async (_part, value, options) => {
    const port = await start(({ append, send }) => {
      append("x-kept", "yes");
      return send(value, options);
    });
    const { status, body } = await get(port);
    expect([status, body.toString()]).toEqual([500, "Error: no rows"]);
  });

  it("a stream of bytes is compressed, and readable as it comes", async () => {
    let goOn: (() => void) | undefined;
    async function* parts(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("first\n");
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
      yield Buffer.from("second\n");
    }
    const port = await start(({ send }) => send(parts(), { contentType: "text/plain" }));
    const answer = await open(port);
    expect(answer.headers["content-encoding"]).toBe("gzip");
    const read = answer.pipe(createGunzip())[Symbol.asyncIterator]();
    expect(String((await read.next()).value)).toBe("first\n");
    goOn?.();
    expect(String((await read.next()).value)).toBe("second\n");
    expect((await read.next()).done).toBe(true);
  });

  it("a stream that fails before its first byte is a 500", async () => {
    const port = await start(({ send }) => send(failing(), { contentType: "text/plain" }));
    const { status, body } = await get(port);
    expect([status, body.toString()]).toEqual([500, "Error: broken"]);
  });

  it("a stream that fails later ends the connection, not the response", async () => {
    let fail: (() => void) | undefined;
    async function* failingLater(): AsyncGenerator<Uint8Array> {
      yield TEXT;
      await new Promise<void>((resolve) => {
        fail = resolve;
      });
      throw new Error("broken");
    }
    const port = await start(async ({ send }) => {
      // Who awaits it learns of the failure; here nobody would hear of it.
      const sent = send(failingLater(), { contentType: "text/plain", compression: false });
      return name === "Hono" ? sent : await Promise.resolve(sent).catch(() => {});
    });
    const answer = await open(port);
    expect(answer.statusCode).toBe(200);
    await once(answer, "readable");
    fail?.();
    await expect(drain(answer)).rejects.toThrow(/aborted/);
  });

  it.each(["gzip", "identity"])(
    "a client that leaves before the first byte cancels a stream that stands still (%s)",
    async (coding) => {
      let [hasBegun, isCancelled] = [false, false];
      const port = await start(async ({ send }) => {
        const silent = new ReadableStream({
          async pull() {
            hasBegun = true;
            await new Promise(() => {});
          },
          cancel() {
            isCancelled = true;
          },
        });
        const sent = Promise.resolve(send(silent, { contentType: "text/plain" }));
        // Hono wants a response to its end.
        return await (name === "Hono" ? sent : sent.catch(() => {}));
      });
      const sent = request({ port, agent: false, headers: { "accept-encoding": coding } });
      sent.on("error", () => {});
      sent.end();
      await expect.poll(() => hasBegun).toBe(true);
      sent.destroy();
      await expect.poll(() => isCancelled).toBe(true);
    },
  );

  it("a client that leaves ends the source", async () => {
    let isReleased = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          yield TEXT;
          await new Promise((resolve) => setImmediate(resolve));
        }
      } finally {
        isReleased = true;
      }
    }
    const port = await start(({ send }) => send(endless(), { contentType: "text/plain" }));
    const answer = await open(port);
    await once(answer, "data");
    answer.destroy();
    await expect.poll(() => isReleased).toBe(true);
  });

  it.each(["gzip", "identity"])(
    "a client that leaves ends a source that stands still (%s)",
    async (coding) => {
      const source = new Readable({ read: () => {} });
      source.push(TEXT);
      const port = await start(({ send }) => send(source, { contentType: "text/plain" }));
      const answer = await open(port, coding);
      await once(answer, "data");
      answer.destroy();
      await expect.poll(() => source.destroyed).toBe(true);
    },
  );

  it("a slow reader holds the source up, and gets everything", async () => {
    const total = 500;
    let made = 0;
    const part = Buffer.alloc(65_536, 7);
    async function* parts(): AsyncGenerator<Uint8Array> {
      while (made < total) {
        made += 1;
        yield part;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    const port = await start(({ send }) => send(parts(), { compression: false }));
    const answer = await open(port);
    answer.pause();
    let before = -1;
    await expect.poll(() => before === (before = made), { interval: 200 }).toBe(true);
    expect(made).toBeLessThan(total);
    expect(await drain(answer)).toBe(total * part.byteLength);
  });

  it("HEAD and 304 do not begin a stream", async () => {
    let begun = 0;
    async function* parts(): AsyncGenerator<Uint8Array> {
      begun += 1;
      yield TEXT;
    }
    const port = await start(({ send }) =>
      send(parts(), { contentType: "text/plain", validator: () => "v1" }),
    );
    const head = await rawRequest({ port, agent, method: "HEAD", path: "/", headers: {} });
    expect([head.status, begun]).toEqual([200, 0]);
    const { status } = await get(port, { "if-none-match": '"v1"' });
    expect([status, begun]).toEqual([304, 0]);
    expect((await get(port)).body.equals(TEXT)).toBe(true);
  });

  it("bytes, strings, nothing and null are what they are", async () => {
    const values: unknown[] = [TEXT, "text", undefined, null, [1]];
    const port = await start(({ send }) => send(values.shift()));
    const answers: RawAnswer[] = [];
    for (let index = 0; index < 5; index += 1) answers.push(await get(port));
    expect(
      answers.map(({ status, fields, body }) => [status, fields["content-type"], body.byteLength]),
    ).toEqual([
      [200, "application/octet-stream", TEXT.byteLength],
      [200, "text/plain; charset=utf-8", 4],
      [204, undefined, 0],
      [200, "application/json", 4],
      [200, "application/json", 3],
    ]);
  });

  it("a large body in memory is compressed and streamed whole", async () => {
    const large = Buffer.concat(Array.from({ length: 30 }, () => TEXT));
    const port = await start(({ send }) => send(large, { contentType: "text/plain" }));
    const { fields, body } = await get(port, { "accept-encoding": "gzip" });
    expect(fields["content-encoding"]).toBe("gzip");
    expect(gunzipSync(body).equals(large)).toBe(true);
  });
});

async function open(port: number, coding = "gzip"): Promise<IncomingMessage> {
  const sent = request({ port, path: "/", headers: { "accept-encoding": coding } });
  sent.on("error", () => {});
  sent.end();
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  answer.on("error", () => {});
  return answer;
}

async function drain(answer: IncomingMessage): Promise<number> {
  let sizeBytes = 0;
  for await (const chunk of answer) sizeBytes += (chunk as Buffer).byteLength;
  return sizeBytes;
}

/** @yields nothing: it fails */
async function* failing(): AsyncGenerator<Uint8Array> {
  yield* [];
  await Promise.reject(new Error("broken"));
}
