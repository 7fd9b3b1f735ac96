import { type ConformanceCase, notModified, ok } from "../conformance-case.ts";
import { CACHE_CONTROL, EXPIRES, MODIFIED } from "../resources.ts";

const VARY = "Accept-Language, Accept-Encoding";
const same = {
  "Cache-Control": CACHE_CONTROL,
  "Content-Location": "/article.en",
  Expires: EXPIRES,
  "Last-Modified": MODIFIED,
  Vary: VARY,
};
const content = [
  "content-type",
  "content-encoding",
  "content-language",
  "content-range",
  "transfer-encoding",
];

const ways: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ["a 304 by tag", { "If-None-Match": "<identity>" }],
  ["a 304 by a list of tags", { "If-None-Match": '"a", <identity>' }],
  ["a 304 by asterisk", { "If-None-Match": "*" }],
  ["a 304 by date", { "If-Modified-Since": MODIFIED }],
  ["a 304 of a compressed body", { "If-None-Match": "<gzip>", "Accept-Encoding": "gzip" }],
];

/** What a 200 and its 304 say (RFC 9110 15.4.5), what HEAD says (9.3.2), content (6.4, 15.3), and RFC 9111. */
export const cachingCases: readonly ConformanceCase[] = [
  ...["identity", "gzip", "br"].map((coding): ConformanceCase => ({
    section: "9110 15.4.5",
    claim: `a 200 in ${coding} says how long it is fresh and what it depends on`,
    path: "/article",
    headers: { "Accept-Encoding": coding },
    expected: {
      status: 200,
      has: { ...same, "Content-Type": "application/json", "X-Own": "kept" },
    },
  })),
  ...ways.map(([what, headers]): ConformanceCase => ({
    section: "9110 15.4.5",
    claim: `${what} carries what its 200 does, and nothing about the content`,
    path: "/article",
    headers,
    expected: { status: 304, has: same, lacks: content },
  })),
  ...ways.map(([what, headers]): ConformanceCase => ({
    section: "9110 9.3.2",
    claim: `HEAD: ${what} is the same`,
    method: "HEAD",
    path: "/article",
    headers,
    expected: { status: 304, has: same, lacks: content },
  })),
  ...(["identity", "gzip", "br"] as const).map((coding): ConformanceCase => ({
    section: "9110 9.3.2",
    claim: `HEAD in ${coding} has the fields of GET and no body`,
    method: "HEAD",
    path: "/article",
    headers: { "Accept-Encoding": coding },
    expected: { status: 200, coding, has: same },
  })),
  {
    section: "9110 9.3.2",
    claim: "HEAD says how long the body would be",
    method: "HEAD",
    path: "/small",
    expected: { status: 200, has: { "Content-Length": "8" } },
  },
  {
    section: "9110 9.3.2",
    claim: "HEAD of a streamed body names its coding",
    method: "HEAD",
    path: "/large",
    headers: { "Accept-Encoding": "gzip" },
    expected: { status: 200, coding: "gzip", lacks: ["content-length"] },
  },
  {
    section: "9110 9.3.2",
    claim: "HEAD of an error is its head",
    method: "HEAD",
    path: "/missing",
    expected: { status: 404, has: { "Content-Type": "application/json" } },
  },
  {
    section: "9110 8.6",
    claim: "the length is sent where it is known",
    path: "/small",
    expected: { ...ok(), has: { "Content-Length": "8" } },
  },
  {
    section: "9110 15.3.5",
    claim: "204 has neither a body nor fields about one",
    path: "/nothing",
    headers: { "Accept-Encoding": "gzip" },
    expected: { status: 204, lacks: [...content, "content-length", "etag"] },
  },
  {
    section: "9110 15.3.5",
    claim: "204 is not compared",
    path: "/nothing",
    headers: { "If-None-Match": "*" },
    expected: { status: 204 },
  },
  {
    section: "9110 15.3.6",
    claim: "205 has a length of 0",
    path: "/reset",
    headers: { "Accept-Encoding": "gzip" },
    expected: { status: 205, has: { "Content-Length": "0" }, lacks: content },
  },
  {
    section: "9110 12.5.5",
    claim: "a small body depends on Accept-Encoding too: it might be refused as it is",
    path: "/small",
    expected: { ...ok(), has: { Vary: "Accept-Encoding" } },
  },
  {
    section: "9110 12.5.5",
    claim: "an asterisk in Vary stays alone",
    path: "/any",
    headers: { "Accept-Encoding": "gzip" },
    expected: { ...ok("gzip"), has: { Vary: "*" } },
  },
  {
    section: "9110 12.5.5",
    claim: "a 406 depends on Accept-Encoding",
    path: "/article",
    headers: { "Accept-Encoding": "*;q=0" },
    expected: { status: 406, has: { Vary: VARY } },
  },
  {
    section: "9111 5.2.2.7",
    claim: "a private response stays private, with all its cookies",
    path: "/private",
    expected: {
      ...ok(),
      has: { "Cache-Control": "private, max-age=60", "Set-Cookie": "a=1; HttpOnly, b=2" },
    },
  },
  {
    section: "9111 5.2.2.7",
    claim: "a 304 of a private response is private",
    path: "/private",
    headers: { "If-None-Match": "<identity>" },
    expected: { ...notModified(), has: { "Cache-Control": "private, max-age=60" } },
  },
  {
    section: "9111 4.3.4",
    claim: "a 304 names the one of a cache's responses that it freshens",
    path: "/article",
    headers: { "If-None-Match": "<identity>, <gzip>, <br>", "Accept-Encoding": "gzip" },
    expected: notModified("gzip"),
  },
  {
    section: "9111 4.3.4",
    claim: "a 304 of a body as it is, from a cache that has all codings",
    path: "/article",
    headers: { "If-None-Match": "<br>, <gzip>, <identity>" },
    expected: notModified(),
  },
  {
    section: "9111 5.2.2.6",
    claim: "no-transform is passed on",
    path: "/fixed",
    expected: { ...ok(), has: { "Cache-Control": "public, max-age=60, no-transform" } },
  },
  {
    section: "9110 13.1.2",
    claim: "a version answers 304 before the body is built",
    path: "/versioned",
    headers: { "If-None-Match": '"7"' },
    expected: {
      status: 304,
      has: { ETag: '"7"', "Last-Modified": MODIFIED, Vary: "Accept-Encoding" },
    },
  },
  {
    section: "9110 8.8.3.3",
    claim: "a version has a tag for each coding",
    path: "/versioned",
    headers: { "Accept-Encoding": "gzip" },
    expected: { ...ok("gzip"), has: { ETag: '"7-gzip"' } },
  },
  {
    section: "9110 8.8.3.3",
    claim: "a version that came compressed answers 304 for the coding",
    path: "/versioned",
    headers: { "If-None-Match": '"7-gzip"', "Accept-Encoding": "gzip, br" },
    expected: { status: 304, has: { ETag: '"7-gzip"' } },
  },
  {
    section: "9110 13.1.2",
    claim: "a version that is asked for asynchronously answers 304",
    path: "/versioned-later",
    headers: { "If-None-Match": '"v8-br"', "Accept-Encoding": "br" },
    expected: { status: 304, has: { ETag: '"v8-br"' } },
  },
  {
    section: "9110 8.8.2",
    claim: "an answer to a write is not the resource: it has no tag by its content",
    method: "POST",
    path: "/weak",
    expected: { ...ok(), lacks: ["etag"] },
  },
  {
    section: "9110 8.8.3",
    claim: "an error has no tag",
    path: "/missing",
    expected: { status: 404, lacks: ["etag"] },
  },
  {
    section: "9110 14.2",
    claim: "a range may be passed over: the whole is sent",
    path: "/article",
    headers: { Range: "bytes=0-9" },
    expected: { ...ok(), lacks: ["content-range"] },
  },
];
