import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { findProgram, freePort } from "@upshift/services";
import { createItems } from "./items.ts";
import type { ServerProcess } from "../server-process.ts";

/** Linux counts the CPU time of processes in these. */
const TICK_MS = 10;

/**
 * nginx with one worker, which sends a file that was compressed before (`gzip_static`).
 *
 * @returns `undefined` where there is no nginx, or no `/proc` to read its CPU time from
 */
export async function startNginx(): Promise<ServerProcess | undefined> {
  const program = await findProgram("nginx");
  if (program === undefined || process.platform !== "linux") return undefined;
  const folder = await mkdtemp(path.join(tmpdir(), "upshift-nginx-"));
  const port = await freePort();
  const json = JSON.stringify(createItems());
  await writeFile(path.join(folder, "items"), json);
  await writeFile(path.join(folder, "items.gz"), gzipSync(json));
  await writeFile(path.join(folder, "nginx.conf"), configuration(folder, port));
  const child = spawn(program, ["-p", folder, "-c", "nginx.conf", "-e", "error.log"], {
    stdio: "ignore",
  });
  await isListening(port, child);
  return {
    url: `http://127.0.0.1:${port}/items`,
    cpuMs: () => cpuMsOf(child.pid ?? 0),
    stop() {
      child.once("exit", () => void rm(folder, { recursive: true, force: true }));
      child.kill();
    },
  };
}

/** Without a master process the worker is the process that was started. */
function configuration(folder: string, port: number): string {
  return `daemon off;
master_process off;
worker_processes 1;
pid nginx.pid;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  keepalive_requests 1000000000;
  default_type application/json;
  gzip_static on;
  gzip_vary on;
  open_file_cache max=10;
  server { listen 127.0.0.1:${port}; root ${folder}; }
}
`;
}

async function isListening(port: number, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (child.exitCode !== null) throw new Error("nginx did not start");
    const socket = connect(port, "127.0.0.1");
    const isThere = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    socket.destroy();
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("nginx does not listen");
}

async function cpuMsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // proc(5): utime and stime are fields 14 and 15; the first after the name is 3.
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
