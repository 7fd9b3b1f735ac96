// Started as a server process with the URL of a database: a way of sending rows at each path of `WAYS`.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Pool } from "pg";
import { serveFor } from "../server-process.ts";
import { WAYS } from "./ways.ts";

const pool = new Pool({ connectionString: process.argv[2], max: 4 });
const server = createServer((request, response) => {
  const way = WAYS.find(({ path }) => path === request.url);
  // The client that measures sees it.
  way?.send(response, pool).catch(() => response.destroy());
});
await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
serveFor(portOf(server.address()));

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
