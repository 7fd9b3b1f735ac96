import { bringWrk } from "@upshift/services";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { request } from "node:http";
import { atLeast, type Benchmark, type Claim, type Contestant } from "../../harness/benchmark.ts";
import { createItems } from "./items.ts";
import { loadServer } from "./load.ts";
import { startNginx } from "./nginx.ts";
import { type ServerProcess, startServerProcess } from "../server-process.ts";

const SCRIPT = new URL("./serve.js", import.meta.url);

interface Way {
  readonly label: string;
  /** Of `SERVERS`. */
  readonly server: string;
  readonly coding: "br" | "gzip";
  readonly isConditional?: boolean;
}

const BARE = "node:http, a stored buffer, gzip";
const BARE_BR = "node:http, a stored buffer, br";
const CORE = "cached, gzip";
const CORE_BR = "cached, br";
const CORE_304 = "cached, 304";
const SEND = "send, gzip";
const IN_FASTIFY = "cached in Fastify, gzip";
const FASTIFY = "Fastify + @fastify/compress, gzip";
const FASTIFY_BR = "Fastify + @fastify/compress, br";
const IN_EXPRESS = "cached in Express, gzip";
const EXPRESS = "Express + compression, gzip";
const EXPRESS_BR = "Express + compression, br";

const WAYS: readonly Way[] = [
  { label: BARE, server: "bare", coding: "gzip" },
  { label: CORE, server: "core", coding: "gzip" },
  { label: CORE_304, server: "core", coding: "gzip", isConditional: true },
  { label: BARE_BR, server: "bare", coding: "br" },
  { label: CORE_BR, server: "core", coding: "br" },
  { label: SEND, server: "core-send", coding: "gzip" },
  { label: IN_FASTIFY, server: "fastify-cached", coding: "gzip" },
  { label: FASTIFY, server: "fastify", coding: "gzip" },
  { label: FASTIFY_BR, server: "fastify", coding: "br" },
  { label: IN_EXPRESS, server: "express-cached", coding: "gzip" },
  { label: EXPRESS, server: "express", coding: "gzip" },
  { label: EXPRESS_BR, server: "express", coding: "br" },
];

/** Of the issue: the first takes at least so many times as long as the second. */
const BARS: readonly (readonly [claim: string, target: number, slow: string, fast: string])[] = [
  ["a stored entry, as fast as a bare handler that writes the same bytes", 0.95, BARE, CORE],
  ["the same in Brotli", 0.95, BARE_BR, CORE_BR],
  ["a 304, times as fast as that handler", 1.25, BARE, CORE_304],
  ["in Fastify, times as fast as @fastify/compress", 12, FASTIFY, IN_FASTIFY],
  ["in Express, times as fast as compression", 3, EXPRESS, IN_EXPRESS],
  ["on node:http, times as fast as Express + compression", 13, EXPRESS, CORE],
  ["compressed for each request, times as fast as Express + compression", 2, EXPRESS, SEND],
  ["compressed for each request, times as fast as @fastify/compress", 2, FASTIFY, SEND],
];

/** What a response costs that was made and compressed before, beside those who compress each time. */
export const benchmark: Benchmark = {
  name: "http/responses",
  title:
    "10 KB of JSON, compressed, to 64 connections: ms per request, each server a process of its own",
  async prepare({ quick, signal, note }) {
    const wrk = await bringWrk({ signal });
    const running = new Map<string, ServerProcess>();
    const contestants: Contestant[] = [];
    const close = async (): Promise<void> => {
      for (const server of running.values()) server.stop();
    };
    try {
      for (const way of WAYS) {
        const known = running.get(way.server);
        const server = known ?? (await startServerProcess(SCRIPT, [way.server]));
        running.set(way.server, server);
        const headers = await prepared(server, way);
        contestants.push(contestant(way.label, wrk, server, headers));
      }
      const nginx = await startNginx();
      if (nginx === undefined) note("nginx is not installed: it is left out");
      else {
        running.set("nginx", nginx);
        const headers = { "accept-encoding": "gzip" };
        contestants.push(contestant("nginx, gzip_static", wrk, nginx, headers));
      }
    } catch (error) {
      await close();
      throw error;
    }
    const [first, ...others] = contestants;
    if (first === undefined) throw new Error("no contestant");
    return {
      rounds: quick ? 7 : 21,
      contestants: [first, ...others],
      claims: (samples) =>
        BARS.flatMap(([claim, target, slow, fast]): readonly Claim[] => [
          atLeast(`${claim}, by CPU time`, target, samples.cpuRatio(slow, fast).median),
          atLeast(`${claim}, by requests per second`, target, samples.ratio(slow, fast).median),
        ]),
      close,
    };
  },
};

function contestant(
  label: string,
  wrk: string,
  server: ServerProcess,
  headers: Readonly<Record<string, string>>,
): Contestant {
  return {
    label,
    run: () => loadServer(wrk, server, headers),
    check(result) {
      if (!isLoad(result)) throw new Error("nothing measured");
    },
    measured: (result) => (isLoad(result) ? result : { wallMs: Number.NaN, cpuMs: Number.NaN }),
  };
}

function isLoad(result: unknown): result is { readonly wallMs: number; readonly cpuMs: number } {
  return typeof result === "object" && result !== null && "wallMs" in result && "cpuMs" in result;
}

/** The fields of a request, after the server has given the right answer to it: also in the coding that it makes while nobody waits. */
async function prepared(
  { url }: ServerProcess,
  { coding, isConditional = false, label }: Way,
): Promise<Readonly<Record<string, string>>> {
  const accept = { "accept-encoding": coding };
  const expected = JSON.stringify(createItems());
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const answer = await ask(url, accept);
    const body = decode(answer.body, answer.coding).toString();
    if (body !== expected) throw new Error(`${label} gave another body`);
    if (answer.coding === coding) {
      if (!isConditional) return accept;
      const headers = { ...accept, "if-none-match": answer.etag };
      const again = await ask(url, headers);
      if (again.status !== 304) throw new Error(`${label} gave ${again.status}`);
      return headers;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${label} never gave ${coding}`);
}

interface Answered {
  readonly status: number | undefined;
  readonly coding: string;
  readonly etag: string;
  readonly body: Buffer;
}

/** Undici would decode. */
function ask(url: string, headers: Readonly<Record<string, string>>): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const { etag = "", "content-encoding": coding = "identity" } = response.headers;
        resolve({ status: response.statusCode, coding, etag, body: Buffer.concat(chunks) });
      });
    });
    sent.on("error", reject);
    sent.end();
  });
}

function decode(body: Buffer, coding: string): Buffer {
  if (coding === "gzip") return gunzipSync(body);
  return coding === "br" ? brotliDecompressSync(body) : body;
}
