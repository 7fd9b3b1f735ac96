import { gzipSync } from "node:zlib";
import type { RespondOptions } from "../../src/send/respond-options.ts";

/** What a server under test offers at a path, to every method. */
export interface Resource {
  /** As `send` takes it: a value, or a function that builds it. */
  readonly value: unknown;
  readonly options: RespondOptions;
  /** The body without a content coding. */
  readonly plain: Buffer;
  /** It changes with `Accept-Encoding`. */
  readonly isNegotiated: boolean;
}

export const MODIFIED = "Wed, 21 Oct 2015 07:28:00 GMT";
const modified = Date.UTC(2015, 9, 21, 7, 28, 0);
export const EXPIRES = "Wed, 21 Oct 2065 07:28:00 GMT";
export const CACHE_CONTROL = "public, max-age=60, stale-while-revalidate=30";

/** Compresses to about a tenth. */
function list(count: number): unknown {
  return Array.from({ length: count }, (_, id) => ({ id, title: `Title ${id}`, tags: ["a", "b"] }));
}

function json(value: unknown, options: RespondOptions): Resource {
  return { value, options, plain: Buffer.from(JSON.stringify(value)), isNegotiated: true };
}

function bytes(value: Buffer, options: RespondOptions): Resource {
  return { value, options, plain: value, isNegotiated: false };
}

const article = list(100);
const packed = gzipSync(Buffer.from(JSON.stringify(article)));

/** By path. Everything that the cases ask for. */
export const RESOURCES: Readonly<Record<string, Resource>> = {
  "/article": json(article, {
    lastModified: modified,
    cacheControl: { public: true, maxAge: "60s", staleWhileRevalidate: "30s" },
    vary: "Accept-Language",
    headers: { "Content-Location": "/article.en", Expires: EXPIRES, "X-Own": "kept" },
  }),
  "/weak": json(article, { etag: "weak", lastModified: modified }),
  // Half a second later than the date that HTTP can express.
  "/dated": json(article, { etag: false, lastModified: modified + 500 }),
  "/untagged": json(article, { etag: false }),
  "/small": json({ id: 1 }, {}),
  "/large": json(list(6_000), {}),
  "/named": json(article, { headers: { ETag: '"own"' } }),
  "/image": bytes(Buffer.alloc(4_096, 7), { contentType: "image/png" }),
  "/text": {
    ...bytes(Buffer.from("line\n".repeat(1_000)), { contentType: "text/plain" }),
    isNegotiated: true,
  },
  "/fixed": bytes(Buffer.from(JSON.stringify(article)), {
    contentType: "application/json",
    cacheControl: { public: true, maxAge: "60s", noTransform: true },
  }),
  "/packed": bytes(packed, {
    contentType: "application/json",
    headers: { "Content-Encoding": "gzip" },
  }),
  "/partial": bytes(Buffer.alloc(2_000, 97), {
    status: 206,
    contentType: "text/plain",
    headers: { "Content-Range": "bytes 0-1999/5000" },
  }),
  "/events": bytes(Buffer.from("data: 1\n\n".repeat(500)), { contentType: "text/event-stream" }),
  "/missing": json(
    { error: "there is no such page ".repeat(100) },
    { status: 404, lastModified: modified },
  ),
  "/failed": json({ error: "it broke" }, { status: 500, lastModified: modified }),
  "/nothing": { ...json("", { status: 204 }), value: undefined, plain: Buffer.alloc(0) },
  "/reset": { ...json("", { status: 205 }), value: undefined, plain: Buffer.alloc(0) },
  "/private": json(article, {
    cacheControl: { private: true, maxAge: "60s" },
    headers: { "Set-Cookie": ["a=1; HttpOnly", "b=2"] },
  }),
  "/any": json(article, { vary: "*" }),
  "/versioned": {
    ...json(article, { validator: () => 7, lastModified: modified }),
    value: () => article,
  },
  "/versioned-later": {
    ...json(article, { validator: async () => await Promise.resolve("v8") }),
    value: async () => await Promise.resolve(article),
  },
  "/absent": { ...json(article, { validator: () => undefined }), value: () => article },
};
