import { once } from "node:events";
import { Agent, type IncomingMessage, request, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { text } from "node:stream/consumers";
import { Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, gunzipSync } from "node:zlib";
import express from "express";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import {
  compression,
  type CompressionMiddlewareOptions,
} from "../../src/compression/compression.ts";
import { send } from "../../src/send/send.ts";
import { negotiationCases } from "../conformance/cases/negotiation-cases.ts";
import type { StartedServer } from "../conformance/conformance-suite.ts";
import { rawRequest, type RawAnswer } from "../conformance/raw-request.ts";
import { RESOURCES } from "../conformance/resources.ts";
import { runCase } from "../conformance/run-case.ts";
import { listen } from "../conformance/servers.ts";

type App = (req: IncomingMessage, res: ServerResponse) => void;
type Flushable = ServerResponse & { flush(): void };

const agent = new Agent({ keepAlive: true });
const servers: StartedServer[] = [];
const TEXT = "line of text\n".repeat(1_000);

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
afterAll(() => agent.destroy());

async function start(app: App, options?: CompressionMiddlewareOptions): Promise<number> {
  const compress = compression(options);
  const server = await listen((req, res) => compress(req, res, () => app(req, res)));
  servers.push(server);
  return server.port;
}

function get(
  port: number,
  headers: Record<string, string> = { "accept-encoding": "gzip" },
  method = "GET",
): Promise<RawAnswer> {
  return rawRequest({ port, agent, method, path: "/", headers });
}

describe("whole bodies", () => {
  it("what is ended at once is compressed and has its length", async () => {
    const port = await start((_req, res) => {
      res.setHeader("Content-Type", "text/plain");
      res.setHeader("Content-Length", TEXT.length);
      res.end(TEXT);
    });
    const { fields, body } = await get(port);
    expect(fields).toMatchObject({
      "content-encoding": "gzip",
      "content-length": String(body.byteLength),
      vary: "Accept-Encoding",
    });
    expect(gunzipSync(body).toString()).toBe(TEXT);
  });

  it.each([
    ["an object", { "Content-Type": "text/plain", "Set-Cookie": ["a=1", "b=2"] }],
    ["a flat list", ["content-type", "text/plain", "set-cookie", "a=1", "Set-Cookie", "b=2"]],
  ])("fields given to writeHead as %s count", async (_form, fields) => {
    const port = await start((_req, res) => {
      res.setHeader("Content-Type", "image/png");
      res.writeHead(201, "Made", fields).end(TEXT);
    });
    const answer = await get(port);
    expect(answer.status).toBe(201);
    expect(answer.fields["content-encoding"]).toBe("gzip");
    expect(answer.fields["set-cookie"]).toBe("a=1, b=2");
    expect(gunzipSync(answer.body).toString()).toBe(TEXT);
  });

  it("a small body stays as it is, and depends on Accept-Encoding all the same", async () => {
    const port = await start((_req, res) =>
      res.setHeader("Content-Type", "text/plain").end("small"),
    );
    const { fields, body } = await get(port);
    expect(fields["content-encoding"]).toBeUndefined();
    expect(fields["content-length"]).toBe("5");
    expect(fields["vary"]).toBe("Accept-Encoding");
    expect(body.toString()).toBe("small");
  });

  it("the threshold, levels and the filter are those of the options", async () => {
    const port = await start(
      (req, res) => res.setHeader("Content-Type", "text/plain").end(req.url),
      {
        thresholdBytes: 1,
        levels: { gzip: 1 },
        filter: (req) => req.headers["x-plain"] === undefined,
      },
    );
    expect((await get(port)).fields["content-encoding"]).toBe("gzip");
    const plain = await get(port, { "accept-encoding": "gzip", "x-plain": "1" });
    expect(plain.fields["content-encoding"]).toBeUndefined();
    expect(() => compression({ levels: { gzip: 10 } })).toThrow(/levels.gzip/);
  });

  it("a body of 64 KB and more is compressed beside the event loop", async () => {
    const large = TEXT.repeat(20);
    const port = await start((_req, res) => res.setHeader("Content-Type", "text/plain").end(large));
    const { fields, body } = await get(port);
    expect(fields["content-encoding"]).toBe("gzip");
    expect(gunzipSync(body).toString()).toBe(large);
  });

  it.each([
    ["has a coding", { "Content-Encoding": "br" }],
    ["is a range", { "Content-Range": "bytes 0-12999/20000" }],
    ["must not be transformed", { "Cache-Control": "public, no-transform" }],
    ["has a checksum of its bytes", { "Content-Digest": "sha-256=:AAAA:" }],
    ["is an event stream", { "Content-Type": "text/event-stream" }],
    ["is packed by its format", { "Content-Type": "image/png" }],
  ])("what %s is left alone", async (_why, fields) => {
    const port = await start((_req, res) => {
      res.writeHead(200, { "Content-Type": "text/plain", ETag: '"a"', ...fields }).end(TEXT);
    });
    const answer = await get(port);
    expect(answer.body.toString()).toBe(TEXT);
    expect(answer.fields).toMatchObject({ etag: '"a"' });
    expect(answer.fields["vary"]).toBeUndefined();
  });

  it("negotiates as the conformance suite says, but answers where nothing is acceptable", async () => {
    const compress = compression();
    const server = await listen((req, res) => {
      compress(req, res);
      const resource = RESOURCES[req.url ?? ""];
      res.setHeader("Content-Type", resource?.options.contentType ?? "application/json");
      res.end(resource?.plain);
    });
    servers.push(server);
    const cases = negotiationCases.filter(
      ({ path, expected }) => path === "/article" && expected.status === 200,
    );
    expect(cases.length).toBeGreaterThan(40);
    for (const { claim, expected, ...rest } of cases) {
      const testCase = { ...rest, claim, expected: { ...expected, has: {} } };
      // The answer to a client that refuses everything is the body as it is here too.
      expect([claim, ...(await runCase({ port: server.port, agent }, testCase))]).toEqual([claim]);
    }
  });
});

describe("validators", () => {
  it("a strong tag becomes weak where the bytes change, and only there", async () => {
    const port = await start((_req, res) => {
      res.setHeader("ETag", '"strong"').setHeader("Content-Type", "text/plain").end(TEXT);
    });
    expect((await get(port)).fields["etag"]).toBe('W/"strong"');
    expect((await get(port, {})).fields["etag"]).toBe('"strong"');
  });

  it("a 304 is sent as it is, with the tag and the Vary of its 200", async () => {
    const port = await start((_req, res) =>
      res.writeHead(304, { ETag: '"strong"', Vary: "Origin", "Content-Length": 13_000 }).end(),
    );
    const { status, fields } = await get(port);
    expect(status).toBe(304);
    expect(fields).toMatchObject({ etag: 'W/"strong"', vary: "Origin, Accept-Encoding" });
    expect(fields["content-encoding"]).toBeUndefined();
    expect(fields["content-length"]).toBeUndefined();
  });

  it("HEAD has the fields of GET", async () => {
    const port = await start((req, res) => {
      res.setHeader("Content-Length", TEXT.length).setHeader("Content-Type", "text/plain");
      res.setHeader("ETag", '"strong"');
      res.end(req.method === "HEAD" ? undefined : TEXT);
    });
    const { fields, body } = await get(port, { "accept-encoding": "gzip" }, "HEAD");
    expect(fields).toMatchObject({
      "content-encoding": "gzip",
      etag: 'W/"strong"',
      vary: "Accept-Encoding",
    });
    expect(fields["content-length"]).toBeUndefined();
    expect(body.byteLength).toBe(0);
  });

  it.each([
    ["ended with it", (res: ServerResponse) => void res.end(TEXT)],
    ["written in parts", (res: ServerResponse) => void res.write(TEXT, () => res.end())],
    ["large", (res: ServerResponse) => void res.end(TEXT.repeat(10))],
    ["small", (res: ServerResponse) => void res.end("small")],
  ])("HEAD has the coding and tag of GET, whose body is %s", async (_what, write) => {
    const port = await start((_req, res) => {
      write(res.setHeader("ETag", '"strong"').setHeader("Content-Type", "text/plain"));
    });
    const head = await get(port, { "accept-encoding": "gzip" }, "HEAD");
    const { fields } = await get(port);
    for (const name of ["etag", "content-encoding", "vary"]) {
      expect([name, head.fields[name]]).toEqual([name, fields[name]]);
    }
    expect([undefined, fields["content-length"]]).toContain(head.fields["content-length"]);
  });

  it("204 has neither a coding nor a body", async () => {
    const port = await start((_req, res) => res.writeHead(204).end());
    const { status, fields } = await get(port);
    expect(status).toBe(204);
    expect(fields["content-encoding"]).toBeUndefined();
  });
});

/** @yields decoded text, as it comes */
async function* decoded(port: number, coding: "gzip" | "br"): AsyncGenerator<string> {
  const sent = request({ port, agent, path: "/", headers: { "accept-encoding": coding } });
  sent.end();
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  expect(answer.headers["content-encoding"]).toBe(coding);
  const decoder = answer.pipe(coding === "br" ? createBrotliDecompress() : createGunzip());
  for await (const chunk of decoder) yield String(chunk);
}

describe("bodies in parts", () => {
  it.each(["gzip", "br"] as const)(
    "what was written is readable before the end (%s)",
    async (coding) => {
      let goOn: (() => void) | undefined;
      const port = await start((_req, res) => {
        res.setHeader("Content-Type", "text/plain");
        res.write("first\n");
        goOn = () => {
          res.write("second\n");
          (res as Flushable).flush();
          goOn = () => res.end("third\n");
        };
      });
      const parts = decoded(port, coding);
      expect((await parts.next()).value).toBe("first\n");
      goOn?.();
      expect((await parts.next()).value).toBe("second\n");
      goOn?.();
      expect((await parts.next()).value).toBe("third\n");
      expect((await parts.next()).done).toBe(true);
    },
  );

  it("after the first write the head counts as sent, as without compression", async () => {
    const seen: boolean[] = [];
    const port = await start((_req, res) => {
      res.setHeader("Content-Type", "text/plain");
      seen.push(res.headersSent);
      res.write("first");
      seen.push(res.headersSent);
      expect(() => res.setHeader("Content-Length", "3")).toThrow(/ERR_HTTP_HEADERS_SENT|after/);
      res.end();
    });
    const { body } = await get(port);
    expect(gunzipSync(body).toString()).toBe("first");
    expect(seen).toEqual([false, true]);
  });

  it("calls back for writes and the end", async () => {
    const called: string[] = [];
    const port = await start((_req, res) => {
      res.setHeader("Content-Type", "text/plain");
      res.write(TEXT, () => called.push("write"));
      res.end("end", "utf8", () => called.push("end"));
    });
    const { body } = await get(port);
    expect(gunzipSync(body).toString()).toBe(`${TEXT}end`);
    await expect.poll(() => called).toEqual(["write", "end"]);
  });

  it("a pipeline ends, with all of its bytes", async () => {
    const parts = Array.from({ length: 500 }, (_, index) => `${index} ${TEXT.slice(0, 2_000)}`);
    let hasEnded = false;
    const port = await start((_req, res) => {
      res.setHeader("Content-Type", "text/plain");
      void pipeline(Readable.from(parts), res).then(() => (hasEnded = true));
    });
    const { body } = await get(port);
    expect(gunzipSync(body).toString()).toBe(parts.join(""));
    await expect.poll(() => hasEnded).toBe(true);
  });

  it("a slow reader holds the writer up, and gets everything", async () => {
    // Does not compress, so that what is written is what has to be read.
    const part = Buffer.from(Array.from({ length: 65_536 }, () => Math.floor(Math.random() * 256)));
    const total = 400;
    let written = 0;
    const port = await start((_req, res) => {
      res.setHeader("Content-Type", "text/plain");
      const fill = (): void => {
        while (written < total) {
          written += 1;
          if (!res.write(part)) {
            res.once("drain", fill);
            return;
          }
        }
        res.end();
      };
      fill();
    });
    const sent = request({ port, path: "/", headers: { "accept-encoding": "gzip" } });
    sent.end();
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    answer.pause();
    // Until the writer stands still: the buffers of the sockets are full.
    let before = -1;
    await expect.poll(() => before === (before = written), { interval: 200 }).toBe(true);
    // 26 MB are to be sent; sockets of the loopback hold a few.
    expect(written).toBeLessThan(total);
    let size = 0;
    for await (const chunk of answer.pipe(createGunzip())) size += (chunk as Buffer).byteLength;
    expect(size).toBe(total * part.byteLength);
  });

  it("trailers come after it, whether it is ended at once or not", async () => {
    const port = await start((_req, res) => {
      res.setHeader("Content-Type", "text/plain").setHeader("Trailer", "X-Sum");
      res.addTrailers({ "X-Sum": "1" });
      res.end(TEXT);
    });
    const sent = request({ port, agent, path: "/", headers: { "accept-encoding": "gzip" } });
    sent.end();
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    const decoder = answer.pipe(createGunzip());
    expect(await text(decoder)).toBe(TEXT);
    expect(answer.trailers).toEqual({ "x-sum": "1" });
  });

  it("what a proxy says to be chunked has no length besides", async () => {
    const port = await start((_req, res) => {
      res.setHeader("Content-Type", "text/plain").setHeader("Transfer-Encoding", "chunked");
      res.end(TEXT);
    });
    const { fields, body } = await get(port);
    expect(fields["content-length"]).toBeUndefined();
    expect(gunzipSync(body).toString()).toBe(TEXT);
  });

  it("what is no body is refused before the head is sent", async () => {
    const port = await start((_req, res) => {
      res.setHeader("Content-Type", "text/plain");
      try {
        res.write({ no: "body" });
      } catch (error) {
        res.writeHead(500).end(String((error as { code?: string }).code));
      }
    });
    const { status, body } = await get(port);
    expect([status, body.toString()]).toEqual([500, "ERR_INVALID_ARG_TYPE"]);
  });

  it("a response that was ended counts as ended, and calls back for what comes after", async () => {
    const called: unknown[] = [];
    let response: ServerResponse | undefined;
    const port = await start((_req, res) => {
      response = res.setHeader("Content-Type", "text/plain");
      res.end(TEXT.repeat(10));
      called.push(res.writableEnded);
      res.end(() => called.push("end"));
      res.write("late", (error) => called.push(error instanceof Error));
    });
    const { body } = await get(port);
    expect(gunzipSync(body).toString()).toBe(TEXT.repeat(10));
    await expect.poll(() => called.length).toBe(3);
    response?.end(() => called.push("later"));
    await expect.poll(() => called).toEqual([true, true, "end", "later"]);
  });

  it("a client that leaves ends the source", async () => {
    let isReleased = false;
    async function* endless(): AsyncGenerator<Buffer> {
      try {
        for (;;) {
          yield Buffer.from(TEXT);
          await new Promise((resolve) => setImmediate(resolve));
        }
      } finally {
        isReleased = true;
      }
    }
    const port = await start((_req, res) => {
      res.setHeader("Content-Type", "text/plain");
      pipeline(Readable.from(endless()), res).catch(() => {});
    });
    const sent = request({ port, path: "/", headers: { "accept-encoding": "gzip" } });
    sent.on("error", () => {});
    sent.end();
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    await once(answer, "data");
    sent.destroy();
    await expect.poll(() => isReleased).toBe(true);
  });

  it("a client that leaves ends the compressor: writes after it fail", async () => {
    let response: ServerResponse | undefined;
    const port = await start((_req, res) => {
      response = res;
      res.setHeader("Content-Type", "text/plain");
      res.write(TEXT);
    });
    const sent = request({ port, path: "/", headers: { "accept-encoding": "gzip" } });
    sent.on("error", () => {});
    sent.end();
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    await once(answer, "data");
    sent.destroy();
    await expect.poll(() => response?.destroyed).toBe(true);
    const failure = new Promise((resolve) => response?.write(TEXT, resolve));
    expect(await failure).toMatchObject({ code: "ERR_STREAM_DESTROYED" });
  });

  it("flushHeaders sends the head of what will be compressed", async () => {
    let goOn: (() => void) | undefined;
    const port = await start((_req, res) => {
      res.setHeader("Content-Type", "text/plain");
      res.flushHeaders();
      goOn = () => res.end("late");
    });
    const sent = request({ port, agent, path: "/", headers: { "accept-encoding": "gzip" } });
    sent.end();
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    expect(answer.headers["content-encoding"]).toBe("gzip");
    goOn?.();
    const decoder = answer.pipe(createGunzip());
    expect(String((await once(decoder, "data"))[0])).toBe("late");
  });
});

describe("beside others", () => {
  it("what `send` has coded and tagged stays as it is, its 304 too", async () => {
    const port = await start((_req, res) => void send(res, { text: TEXT }));
    const first = await get(port);
    const etag = first.fields["etag"] ?? "";
    expect(etag).toMatch(/^".*-gzip"$/);
    expect(JSON.parse(gunzipSync(first.body).toString())).toEqual({ text: TEXT });
    const second = await get(port, { "accept-encoding": "gzip", "if-none-match": etag });
    expect([second.status, second.fields["etag"]]).toEqual([304, etag]);
  });

  it("who sets fields when the head is written is heard", async () => {
    const compress = compression();
    const server = await listen((req, res) => {
      compress(req, res);
      // As the packages do that listen for heads.
      const writeHead = res.writeHead.bind(res);
      res.writeHead = (...values: unknown[]) => {
        res.writeHead = writeHead;
        res.setHeader("Cache-Control", "no-transform");
        return Reflect.apply(writeHead, res, values) as ServerResponse;
      };
      res.setHeader("Content-Type", "text/plain").end(TEXT);
    });
    servers.push(server);
    const { fields, body } = await get(server.port);
    expect(fields["content-encoding"]).toBeUndefined();
    expect(body.toString()).toBe(TEXT);
  });

  it("res.json of Express is compressed, its 304 carries Vary", async () => {
    const app = express();
    app.use(compression());
    app.get("/", (_req, res) => void res.json({ text: TEXT }));
    const server = await listen(app);
    servers.push(server);
    const first = await get(server.port);
    expect(JSON.parse(gunzipSync(first.body).toString())).toEqual({ text: TEXT });
    const etag = first.fields["etag"] ?? "";
    const second = await get(server.port, { "accept-encoding": "gzip", "if-none-match": etag });
    expect(second.status).toBe(304);
    expect(second.fields).toMatchObject({ etag, vary: "Accept-Encoding" });
  });
});
