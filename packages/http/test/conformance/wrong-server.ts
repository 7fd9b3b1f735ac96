import { gzipSync } from "node:zlib";
import type { StartedServer } from "./conformance-suite.ts";
import { RESOURCES } from "./resources.ts";
import { listen } from "./servers.ts";

/** What is written in a hurry: tags compared as text, weights not read, one tag for all codings, a bare 304. */
export function startWrongServer(): Promise<StartedServer> {
  return listen((request, response) => {
    const resource = RESOURCES[request.url ?? ""];
    if (resource === undefined) return;
    const { options, plain } = resource;
    const etag = `"${plain.byteLength}"`;
    if (request.headers["if-none-match"] === etag) {
      response.writeHead(304, { etag }).end();
      return;
    }
    const isPacked = request.headers["accept-encoding"]?.includes("gzip") === true;
    const body = isPacked ? gzipSync(plain) : plain;
    response.writeHead(options.status ?? 200, {
      etag,
      "content-type": "application/json",
      "content-length": body.byteLength,
      ...(isPacked ? { "content-encoding": "gzip", vary: "Accept-Encoding" } : {}),
    });
    response.end(body);
  });
}
