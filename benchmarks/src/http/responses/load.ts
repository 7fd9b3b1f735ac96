import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { ServerProcess } from "../server-process.ts";

const CONNECTIONS = 64;
const SECONDS = 1;

/** What a server did under load. */
export interface Load {
  readonly requests: number;
  /** Of the machine, per request. */
  readonly wallMs: number;
  /** Of the server, per request. */
  readonly cpuMs: number;
}

/** Asks as fast as 64 connections can for a second. @throws when an answer was an error */
export async function loadServer(
  wrk: string,
  server: ServerProcess,
  headers: Readonly<Record<string, string>>,
): Promise<Load> {
  const fields = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  const startMs = await server.cpuMs();
  const { stdout } = await promisify(execFile)(wrk, [
    "-t1",
    `-c${CONNECTIONS}`,
    `-d${SECONDS}s`,
    ...fields,
    server.url,
  ]);
  const cpuMs = (await server.cpuMs()) - startMs;
  const [, count, seconds] = /(\d+) requests in ([\d.]+)s/.exec(stdout) ?? [];
  const requests = Number(count);
  if (!(requests > 0) || /Non-2xx|Socket errors/.test(stdout))
    throw new Error(`wrk saw no good answers:\n${stdout}`);
  return { requests, wallMs: (Number(seconds) * 1_000) / requests, cpuMs: cpuMs / requests };
}
