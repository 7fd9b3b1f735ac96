import { execFile } from "node:child_process";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { createCache } from "@upshift/cache";
import { bringChromium, componentSkips } from "@upshift/services";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cached } from "../../src/cached/cached.ts";
import { send } from "../../src/send/send.ts";
import { stream } from "../../src/stream/stream.ts";

const browserSkips = await componentSkips("responses in a browser", () => bringChromium());

const ITEMS = Array.from({ length: 200 }, (_, id) => ({ id, title: `Item ${id} of the list` }));
const JSON_TEXT = JSON.stringify(ITEMS);

interface Served {
  readonly url: string | undefined;
  readonly status: number;
  readonly noneMatch: string | undefined;
  readonly coding: string | undefined;
}

const cache = createCache();
let server: Server;
let origin = "";
const served: Served[] = [];
let last: ServerResponse | undefined;
/** Lets the next value of `/stream` go. */
let release: () => void = () => undefined;

const items = cached(
  { cache, name: "items", policy: { ttl: "1h" }, public: true },
  (_request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON_TEXT);
  },
);
const mine = cached(
  {
    cache,
    name: "mine",
    policy: { ttl: "1h" },
    private: (request) => request.headers.cookie,
    cacheControl: { maxAge: "60s" },
  },
  (request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ for: request.headers.cookie, ITEMS }));
  },
);

async function* values(isBroken: boolean): AsyncGenerator {
  for (let id = 0; id < 3; id += 1) {
    yield { id, padding: "x".repeat(100) };
    if (isBroken && id === 1) throw new Error("the database has gone");
    await new Promise<void>((resolve) => {
      release = resolve;
    });
  }
}

function answer(request: IncomingMessage, response: ServerResponse): unknown {
  const path = request.url?.split("?")[0];
  if (path === "/items") return items(request, response);
  if (path === "/mine") return mine(request, response);
  if (path === "/sent") return send(response, ITEMS, { cacheControl: { noCache: true } });
  if (path === "/stream" || path === "/broken")
    return stream(response, values(path === "/broken"), { format: "ndjson" });
  return response.setHeader("content-type", "text/html").end("<!doctype html><title>t</title>");
}

beforeAll(async () => {
  server = createServer((request, response) => {
    last = response;
    response.on("finish", () => {
      const { url, headers } = request;
      const coding = response.getHeader("content-encoding");
      served.push({
        url,
        status: response.statusCode,
        noneMatch: headers["if-none-match"],
        coding: typeof coding === "string" ? coding : undefined,
      });
    });
    void (async () => await answer(request, response))().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await cache.close();
});

const of = (path: string): readonly Served[] => served.filter(({ url }) => url === path);

describe.skipIf(browserSkips.isMissing)("Chromium", () => {
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: await bringChromium(),
      args: ["--no-sandbox", "--disable-dev-shm-usage"],
    });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
  });

  /** As a person would: a page of the same origin that fetches. */
  async function open(cookie?: string): Promise<void> {
    const context = await browser.newContext();
    if (cookie !== undefined)
      await context.addCookies([{ name: "user", value: cookie, url: origin }]);
    page = await context.newPage();
    await page.goto(`${origin}/`);
  }

  const fetched = (path: string): Promise<{ coding: string; status: number; text: string }> =>
    page.evaluate(async (url) => {
      const response = await fetch(url);
      const coding = response.headers.get("content-encoding") ?? "identity";
      return { coding, status: response.status, text: await response.text() };
    }, path);

  it.each(["/items", "/sent"])("reads %s compressed, and once more by a 304", async (path) => {
    await open();
    const url = `${path}?n=1`;
    const first = await fetched(url);
    expect(first).toMatchObject({ status: 200, text: JSON_TEXT });
    expect(first.coding).toMatch(/^(?:br|gzip)$/);
    const again = await fetched(url);
    expect(again).toEqual(first);
    const asked = of(url).at(-1);
    expect(asked?.status).toBe(304);
    expect(asked?.noneMatch).toContain('"');
    await page.context().close();
  });

  it("shows the same after a reload, by a 304", async () => {
    await open();
    await page.goto(`${origin}/items?n=2`);
    const text = await page.textContent("body");
    await page.reload();
    expect(await page.textContent("body")).toBe(text);
    expect(text).toContain("Item 199 of the list");
    expect(of("/items?n=2").map(({ status }) => status)).toEqual([200, 304]);
    await page.context().close();
  });

  it("gets another user's answer after a change of the cookie, and not the one before", async () => {
    await open("ann");
    expect((await fetched("/mine")).text).toContain("user=ann");
    expect((await fetched("/mine")).text).toContain("user=ann");
    // For a minute the browser does not even ask.
    expect(of("/mine")).toHaveLength(1);
    await page.context().addCookies([{ name: "user", value: "bob", url: origin }]);
    const { text: second } = await fetched("/mine");
    expect(second).toContain("user=bob");
    expect(second).not.toContain("user=ann");
    await page.context().close();
  });

  it("sees the values of a stream one by one, compressed all the same", async () => {
    await open();
    await page.evaluate(async () => {
      const response = await fetch("/stream");
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      Object.assign(globalThis, { reader });
    });
    const read = (): Promise<string | undefined> =>
      page.evaluate(async () => {
        const reader: ReadableStreamDefaultReader<string> = Reflect.get(globalThis, "reader");
        return (await reader.read()).value;
      });
    for (const id of [0, 1, 2]) {
      expect(JSON.parse((await read()) ?? "")).toMatchObject({ id });
      release();
    }
    expect(await read()).toBeUndefined();
    expect(of("/stream")[0]?.coding).toMatch(/^(?:br|gzip)$/);
    await page.context().close();
  });

  it("takes a stream that broke off for an error, not for its end", async () => {
    await open();
    const reading = page.evaluate(async () => {
      const response = await fetch("/broken");
      try {
        return `whole: ${await response.text()}`;
      } catch (error) {
        return `broken: ${String(error)}`;
      }
    });
    await releaseUntil(reading);
    expect(await reading).toMatch(/^broken: TypeError/);
    await page.context().close();
  });
});

/** Lets values go until somebody has what they wait for; not before the first byte has left, as an error before it has a status. */
async function releaseUntil(done: Promise<unknown>): Promise<void> {
  const state = { isDone: false };
  const end = (): void => {
    state.isDone = true;
  };
  done.then(end, end);
  while (!state.isDone) {
    if (last?.headersSent === true) release();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function curl(...args: readonly string[]): Promise<{ code: number; out: string }> {
  const running = promisify(execFile)("curl", ["--silent", "--max-time", "20", ...args], {
    maxBuffer: 2 ** 24,
  });
  try {
    return { code: 0, out: (await running).stdout };
  } catch (error) {
    const { code, stdout } = Object.assign({ code: -1, stdout: "" }, error);
    return { code, out: stdout };
  }
}

describe("curl", () => {
  it.each(["/items", "/sent"])("reads %s in each coding that it asks for", async (path) => {
    for (const coding of ["identity", "gzip", "br"]) {
      const url = `${origin}${path}?curl`;
      const header = `accept-encoding: ${coding}`;
      const head = await curl("--include", "--output", "-", "--head", "--header", header, url);
      expect(/content-encoding: (\w+)/i.exec(head.out)?.[1] ?? "identity").toBe(coding);
      if (coding === "br") continue;
      const body = await curl("--compressed", "--header", header, url);
      expect(body.out).toBe(JSON_TEXT);
    }
  });

  it("gets 304 for the tag that it has kept, and a body for another", async () => {
    const url = `${origin}/items`;
    const head = await curl("--include", url);
    const tag = /^etag: (\S+)/im.exec(head.out)?.[1] ?? "";
    const status = ["--output", "/dev/null", "--write-out", "%{http_code} %{size_download}"];
    expect((await curl(...status, "--header", `if-none-match: ${tag}`, url)).out).toBe("304 0");
    expect((await curl(...status, "--header", 'if-none-match: "no"', url)).out).toBe(
      `200 ${JSON_TEXT.length}`,
    );
  });

  it("takes a stream that broke off for an error, not for its end", async () => {
    const whole = curl("--no-buffer", `${origin}/stream`);
    await releaseUntil(whole);
    expect((await whole).code).toBe(0);
    expect((await whole).out.trim().split("\n")).toHaveLength(3);
    const broken = curl("--no-buffer", `${origin}/broken`);
    await releaseUntil(broken);
    // 18: the transfer ended before the whole body was there.
    expect((await broken).code).toBe(18);
  });
});
