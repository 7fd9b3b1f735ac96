import type { Agent } from "node:http";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import type { NegotiatedCoding } from "../../src/coding/coding.ts";
import type { ConformanceCase, Expected } from "./conformance-case.ts";
import { rawRequest, type RawAnswer } from "./raw-request.ts";
import { type Resource, RESOURCES } from "./resources.ts";

/** Where a server listens. */
export interface Target {
  readonly port: number;
  readonly agent: Agent;
}

/** What is wrong with the answer to a case, one line each; empty when it is as it must be. */
export async function runCase(target: Target, testCase: ConformanceCase): Promise<string[]> {
  const { method = "GET", path, headers = {}, expected } = testCase;
  const filled: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    filled[name] =
      typeof value === "string"
        ? await fillTags(target, path, value)
        : await Promise.all(value.map((one) => fillTags(target, path, one)));
  }
  const answer = await rawRequest({ ...target, method, path, headers: filled });
  const resource = RESOURCES[path];
  if (resource === undefined) throw new Error(`no resource at ${path}`);
  return [
    ...differences(answer, expected),
    ...framingFaults(answer, method),
    ...(await codingFaults(target, path, answer, expected)),
    ...contentFaults(answer, method, expected, resource),
  ];
}

async function fillTags(target: Target, path: string, text: string): Promise<string> {
  let filled = text;
  for (const coding of ["identity", "gzip", "br"] as const) {
    if (filled.includes(`<${coding}>`)) {
      filled = filled.replaceAll(`<${coding}>`, await tagFor(target, path, coding));
    }
  }
  return filled;
}

async function tagFor(target: Target, path: string, coding: NegotiatedCoding): Promise<string> {
  const headers = { "accept-encoding": coding };
  const answer = await rawRequest({ ...target, method: "GET", path, headers });
  return answer.fields["etag"] ?? '"none"';
}

function differences(answer: RawAnswer, expected: Expected): string[] {
  const faults: string[] = [];
  if (answer.status !== expected.status) {
    faults.push(`status ${answer.status}, expected ${expected.status}`);
  }
  for (const [name, value] of Object.entries(expected.has ?? {})) {
    const sent = answer.fields[name.toLowerCase()];
    if (sent !== value) faults.push(`${name}: ${sent ?? "(none)"}, expected ${value}`);
  }
  for (const name of expected.lacks ?? []) {
    const sent = answer.fields[name.toLowerCase()];
    if (sent !== undefined) faults.push(`${name}: ${sent}, expected none`);
  }
  return faults;
}

/** Holds for every answer: RFC 9112 6, RFC 9110 6.6.1, 8.6, 15.3.5, 15.4.5. */
function framingFaults(answer: RawAnswer, method: string): string[] {
  const faults: string[] = [];
  const { status, fields, counts, body } = answer;
  const length = fields["content-length"];
  if (fields["date"] === undefined) faults.push("no Date");
  if (length !== undefined && fields["transfer-encoding"] !== undefined) {
    faults.push("both Content-Length and Transfer-Encoding");
  }
  const hasBody = method !== "HEAD" && status !== 204 && status !== 304;
  if (!hasBody && body.byteLength > 0) faults.push(`${body.byteLength} bytes of body`);
  if (hasBody && length !== undefined && Number(length) !== body.byteLength) {
    faults.push(`Content-Length ${length} for ${body.byteLength} bytes`);
  }
  if (status === 204 && length !== undefined) faults.push("Content-Length with 204");
  for (const name of [
    "etag",
    "content-type",
    "content-length",
    "content-encoding",
    "last-modified",
  ]) {
    if ((counts[name] ?? 0) > 1) faults.push(`${counts[name]} fields ${name}`);
  }
  return faults;
}

async function codingFaults(
  target: Target,
  path: string,
  answer: RawAnswer,
  expected: Expected,
): Promise<string[]> {
  if (expected.coding === undefined) return [];
  if (answer.status === 304) {
    if (answer.fields["etag"] === undefined) return [];
    const tag = await tagFor(target, path, expected.coding);
    return answer.fields["etag"] === tag
      ? []
      : [`ETag ${answer.fields["etag"]}, expected ${tag} of ${expected.coding}`];
  }
  const coding = answer.fields["content-encoding"] ?? "identity";
  return coding === expected.coding
    ? []
    : [`Content-Encoding ${coding}, expected ${expected.coding}`];
}

function contentFaults(
  answer: RawAnswer,
  method: string,
  expected: Expected,
  resource: Resource,
): string[] {
  const faults: string[] = [];
  const vary = (answer.fields["vary"] ?? "").toLowerCase().split(/\s*,\s*/);
  if (resource.isNegotiated && (answer.status === 200 || answer.status === 304)) {
    if (!vary.includes("accept-encoding") && !vary.includes("*")) {
      faults.push(`Vary: ${answer.fields["vary"] ?? "(none)"}, expected Accept-Encoding`);
    }
  }
  if (answer.status !== 200 || expected.status !== 200 || method === "HEAD") return faults;
  // What came with a coding is compared as it is.
  const sent = resource.isNegotiated ? decode(answer) : answer.body;
  if (!sent.equals(resource.plain)) faults.push("the body is not the content");
  return faults;
}

function decode({ fields, body }: RawAnswer): Buffer {
  const coding = fields["content-encoding"];
  if (coding === "gzip") return gunzipSync(body);
  return coding === "br" ? brotliDecompressSync(body) : body;
}
