import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { PlannedResponse, RequestFacts } from "../planned-response.ts";
import { planResponse, respond } from "./respond.ts";

function ask(headers: Readonly<Record<string, string>> = {}, method = "GET"): RequestFacts {
  return { method, url: "/", header: (name) => headers[name] };
}

/** Of a plan that waits for nothing. */
function plan(...args: Parameters<typeof respond>): PlannedResponse {
  const planned = respond(...args);
  if (planned instanceof Promise) throw new Error("it waits");
  return planned;
}

const LONG = { text: "word ".repeat(1_000) };

const failsAtOnce = (): never => {
  throw new Error("no database");
};

describe("respond", () => {
  it("a value that is there is answered without waiting", () => {
    const { status, headers, body } = plan(ask({ "accept-encoding": "gzip" }), LONG);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      "content-type": "application/json",
      "content-encoding": "gzip",
      "content-length": String((body as Uint8Array).byteLength),
      vary: "Accept-Encoding",
    });
    expect(JSON.parse(gunzipSync(body as Uint8Array).toString())).toEqual(LONG);
  });

  it("a promise of any kind is waited for", async () => {
    // oxlint-disable-next-line unicorn/no-thenable -- as query builders are
    const builder = { then: (fulfil: (value: unknown) => void) => fulfil({ rows: 1 }) };
    for (const value of [Promise.resolve({ rows: 1 }), builder, () => builder]) {
      const { body } = await respond(ask(), value);
      expect((body as Buffer).toString()).toBe('{"rows":1}');
    }
  });

  it("a promise that fails beside a 304 troubles nobody", async () => {
    const failing = Promise.reject(new Error("no rows"));
    const planned = await respond(ask({ "if-none-match": '"7"' }), failing, {
      validator: async () => await Promise.resolve(7),
    });
    expect(planned.status).toBe(304);
  });

  it("a stream that fails while the version is asked for fails when it is read", async () => {
    const file = createReadStream("/there/is/no/such/file");
    const { body } = await respond(ask(), file, {
      validator: async () => {
        await new Promise<void>((resolve) => file.once("close", resolve));
        return 7;
      },
    });
    const iterator = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    await expect(iterator.next()).rejects.toMatchObject({ code: "ENOENT" });
  });

  it.each([
    ["cannot be had", () => Promise.reject(new Error("no database"))],
    ["cannot be asked for", failsAtOnce],
  ])("a version that %s closes the stream that was to be sent", async (_how, validator) => {
    const stream = Readable.from([Buffer.from("part")]);
    const asked = (async () => await respond(ask(), stream, { validator }))();
    await expect(asked).rejects.toThrow("no database");
    expect(stream.destroyed).toBe(true);
  });

  it.each(["gzip", "identity"])("HEAD cancels a stream of the web, asked in %s", async (coding) => {
    let isCancelled = false;
    const stream = new ReadableStream<Uint8Array>({
      cancel() {
        isCancelled = true;
      },
    });
    const { headers } = plan(ask({ "accept-encoding": coding }, "HEAD"), stream, {
      contentType: "text/plain",
    });
    expect(headers["content-encoding"]).toBe(coding === "gzip" ? coding : undefined);
    await expect.poll(() => isCancelled).toBe(true);
  });

  it("buffers of any kind and views of them are bytes", () => {
    const bytes = Buffer.from("abcdef");
    const { buffer } = Uint8Array.from(bytes);
    const shared = new SharedArrayBuffer(6);
    new Uint8Array(shared).set(bytes);
    for (const value of [buffer, shared, new Uint16Array(buffer), new DataView(buffer)]) {
      const { headers, body } = plan(ask(), value);
      expect(headers["content-type"]).toBe("application/octet-stream");
      expect(Buffer.from(body as Uint8Array).toString()).toBe("abcdef");
    }
    expect(Buffer.from(plan(ask(), new DataView(buffer, 1, 2)).body as Uint8Array).toString()).toBe(
      "bc",
    );
  });

  it("a part has the tag of the version it is a part of", () => {
    const options = { status: 206, headers: { "Content-Range": "bytes 0-2/9" } };
    const { headers } = plan(ask(), "abc", { ...options, validator: () => 7 });
    expect(headers["etag"]).toBe('"7"');
    expect(plan(ask(), "abc", options).headers["etag"]).toBeUndefined();
  });

  it("nothing was modified later than it is sent", () => {
    const before = Math.floor(Date.now() / 1_000) * 1_000;
    const { headers } = plan(ask(), 1, { lastModified: Date.now() + 86_400_000 });
    const sentMs = Date.parse(String(headers["last-modified"]));
    expect(sentMs).toBeGreaterThanOrEqual(before);
    expect(sentMs).toBeLessThanOrEqual(Date.now());
  });

  it("a write fails before it is done", async () => {
    let writes = 0;
    const write = (): number => (writes += 1);
    const options = { validator: (): number => 7 };
    const failed = await respond(ask({ "if-match": '"6"' }, "PUT"), write, options);
    expect([failed.status, writes]).toEqual([412, 0]);
    const done = await respond(ask({ "if-match": '"7"' }, "PUT"), write, options);
    // The version of before is not that of what was written.
    expect([done.status, writes, done.headers["etag"]]).toEqual([200, 1, undefined]);
  });

  it("a write without a validator is not compared with its own answer", () => {
    const { status } = plan(ask({ "if-match": '"other"', "if-none-match": "*" }, "POST"), {
      id: 1,
    });
    expect(status).toBe(200);
  });

  it.each([{ "if-match": '"other"' }, { "if-none-match": "*" }])(
    "OPTIONS is not about the representation: %j is passed over",
    (condition) => {
      const options = { validator: (): number => 7, lastModified: 0 };
      expect(plan(ask(condition, "OPTIONS"), { id: 1 }, options).status).toBe(200);
      expect(plan(ask(condition, "DELETE"), { id: 1 }, options).status).toBe(412);
    },
  );

  it("a body whose bytes have a checksum stays as it is", () => {
    const options = { headers: { "Content-Digest": "sha-256=:AAAA:" } };
    const { headers } = plan(ask({ "accept-encoding": "gzip" }), LONG, options);
    expect(headers["content-encoding"]).toBeUndefined();
  });

  it("codings that are not offered are not used", () => {
    const options = { compression: { codings: ["gzip"] as const, thresholdBytes: 1 } };
    const { headers } = plan(ask({ "accept-encoding": "br, gzip;q=0.1" }), "text", options);
    expect(headers["content-encoding"]).toBe("gzip");
    const plain = plan(ask({ "accept-encoding": "br" }), LONG, { compression: false });
    expect(plain.headers["content-encoding"]).toBeUndefined();
    expect(plain.headers["vary"]).toBeUndefined();
  });

  it.each([
    [{ headers: { "X-A": "a\r\nb: c" } }, "UPSHIFT_HTTP_INVALID_HEADER"],
    [{ headers: { "X-A\r\nB": "c" } }, "UPSHIFT_HTTP_INVALID_HEADER"],
    [{ headers: { "X-A": ["ok", "a\0"] } }, "UPSHIFT_HTTP_INVALID_HEADER"],
    [
      { headers: JSON.parse('{"__proto__":"x"}') as Record<string, string> },
      "UPSHIFT_HTTP_INVALID_HEADER",
    ],
    [{ contentType: "text/plain\nX: 1" }, "UPSHIFT_HTTP_INVALID_HEADER"],
    [{ cacheControl: "public\r\nX: 1" }, "UPSHIFT_HTTP_INVALID_HEADER"],
    [{ cacheControl: "public; max-age=30" }, "UPSHIFT_INVALID_ARGUMENT"],
    [{ vary: "A\r\nX: 1" }, "UPSHIFT_HTTP_INVALID_HEADER"],
    [{ cacheControl: "public", headers: { "Set-Cookie": "a=1" } }, "UPSHIFT_HTTP_PUBLIC_COOKIE"],
    [
      { cacheControl: { sMaxAge: "1m" }, headers: { "set-cookie": ["a=1"] } },
      "UPSHIFT_HTTP_PUBLIC_COOKIE",
    ],
    [{ status: 101 }, "UPSHIFT_INVALID_ARGUMENT"],
    [{ status: 200.5 }, "UPSHIFT_INVALID_ARGUMENT"],
    [{ lastModified: Number.NaN }, "UPSHIFT_INVALID_ARGUMENT"],
    [{ lastModified: 9e15 }, "UPSHIFT_INVALID_ARGUMENT"],
    [{ lastModified: Date.UTC(10_000, 0, 1) }, "UPSHIFT_INVALID_ARGUMENT"],
    [{ headers: { ETag: "bare" } }, "UPSHIFT_INVALID_ARGUMENT"],
    [{ compression: { thresholdBytes: -1 } }, "UPSHIFT_INVALID_ARGUMENT"],
  ])("%j is refused with %s", (options, code) => {
    expect(() => respond(ask(), { id: 1 }, options)).toThrow(expect.objectContaining({ code }));
  });

  it("what JSON cannot say is refused", () => {
    expect(() => respond(ask(), Symbol("a"))).toThrow(/JSON/);
    expect(() => respond(ask(), () => () => 1)).toThrow(/JSON/);
  });

  it("the error about a field does not repeat its value", () => {
    expect(() => respond(ask(), 1, { headers: { "X-Token": "secret\n" } })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("secret") as string }),
    );
  });

  it("an empty list of cookies is none", () => {
    const options = { cacheControl: "public, max-age=60", headers: { "Set-Cookie": [] } };
    expect(plan(ask(), 1, options).status).toBe(200);
    const preset = {
      statusCode: 200,
      getHeaderNames: () => ["set-cookie"],
      getHeaders: () => ({ "set-cookie": [] }),
    };
    expect(planResponse(ask(), 1, { cacheControl: "public" }, preset)).toMatchObject({
      status: 200,
    });
  });

  it("length and framing follow from the body, whatever is claimed", () => {
    const headers = {
      "Content-Length": "999",
      "Transfer-Encoding": "chunked",
      Trailer: "X-Sum",
    };
    const planned = plan(ask(), "four", { headers });
    expect(planned.headers).toMatchObject({ "content-length": "4" });
    expect(planned.headers["transfer-encoding"]).toBeUndefined();
    expect(planned.headers["trailer"]).toBeUndefined();
  });
});
