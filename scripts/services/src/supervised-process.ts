import { type ChildProcess, spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ServiceFailedError } from "./services-errors.ts";

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/** What a supervisor is told. `{folder}` in files, texts and arguments stands for the folder it creates. */
export interface Specification {
  readonly parentFolder: string;
  readonly folderPrefix: string;
  /** Run the commands as this user; the supervisor itself keeps the parent's. */
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly environment: Readonly<Record<string, string>>;
  readonly copies: readonly { readonly from: string; readonly to: string }[];
  readonly files: readonly { readonly file: string; readonly text: string }[];
  /** Run one after another before the server; each must end with code 0. */
  readonly setup: readonly Command[];
  readonly server: Command;
  readonly stopSignal: NodeJS.Signals;
}

/** A server with a folder, both owned by a supervisor process that outlives us just long enough to remove them. */
export interface SupervisedProcess {
  readonly folder: string;
  readonly logFile: string;
  /** SIGTERM to this process stops the server and removes the folder. */
  readonly supervisorPid: number;
  /** Settles when the server ended without being asked to. */
  readonly exited: Promise<void>;
  /** Stops the server, removes the folder. Safe to call twice. */
  stop(): Promise<void>;
  /** From now on the server survives this process; `kill <supervisorPid>` stops it. */
  keep(): Promise<void>;
}

interface SupervisorEvent {
  readonly event: "folder" | "started" | "running" | "failed" | "exited" | "kept";
  readonly folder?: string;
  readonly logFile?: string;
  readonly pid?: number;
  readonly what?: string;
  readonly code?: number | null;
  readonly signal?: string | null;
  readonly log?: string;
}

const SUPERVISOR = fileURLToPath(new URL("../supervise.mjs", import.meta.url));

/**
 * Starts a server under a supervisor and resolves once the server process runs (not: once it answers).
 *
 * @throws {ServiceFailedError} when a setup command fails
 * @throws the reason of `signal` when aborted; nothing is left behind then
 */
export async function startSupervised(
  component: string,
  specification: Specification,
  signal?: AbortSignal,
): Promise<SupervisedProcess> {
  signal?.throwIfAborted();
  const supervisor = spawn(process.execPath, [SUPERVISOR], {
    detached: true,
    cwd: "/",
    stdio: ["pipe", "pipe", "ignore"],
  });
  const gone = new Promise<void>((resolve) => {
    supervisor.once("exit", () => resolve());
    supervisor.once("error", () => resolve());
  });
  supervisor.stdin.on("error", () => {});
  supervisor.stdin.write(`${JSON.stringify(specification)}\n`);

  const seen: { folder?: string; serverPid?: number; isStopped: boolean } = { isStopped: false };
  const stop = async (): Promise<void> => {
    seen.isStopped = true;
    supervisor.ref();
    supervisor.stdin.end();
    await gone;
  };
  // Only a kill of the supervisor itself gets here: do its work, as far as we know about it.
  void gone.then(async () => {
    if (seen.serverPid !== undefined && !seen.isStopped) killQuietly(seen.serverPid);
    if (seen.folder !== undefined) await rm(seen.folder, { recursive: true, force: true });
  });

  const events = createInterface({ input: supervisor.stdout });
  let markExited: () => void = () => {};
  const exited = new Promise<void>((resolve) => (markExited = resolve));
  let markKept: () => void = () => {};
  const kept = new Promise<void>((resolve) => (markKept = resolve));
  void gone.then(() => markExited());

  const abort = new AbortController();
  try {
    const running = await new Promise<SupervisorEvent>((resolve, reject) => {
      const onAbort = (): void => reject(signal?.reason as Error);
      signal?.addEventListener("abort", onAbort, { once: true });
      abort.signal.addEventListener("abort", () => signal?.removeEventListener("abort", onAbort));
      void gone.then(() =>
        reject(new ServiceFailedError(component, "its supervisor ended early", "")),
      );
      events.on("line", (line) => {
        const event = JSON.parse(line) as SupervisorEvent;
        if (event.folder !== undefined) seen.folder = event.folder;
        if (event.event === "started" && event.pid !== undefined) seen.serverPid = event.pid;
        if (event.event === "running") resolve(event);
        if (event.event === "exited") markExited();
        if (event.event === "kept") markKept();
        if (event.event === "failed") {
          const how = event.code == null ? `was ended by ${event.signal}` : `code ${event.code}`;
          const what = `${event.what} failed (${how})`;
          reject(new ServiceFailedError(component, what, event.log ?? ""));
        }
      });
    });
    unrefAll(supervisor);
    return {
      folder: running.folder ?? "",
      logFile: running.logFile ?? "",
      supervisorPid: supervisor.pid ?? 0,
      exited,
      stop,
      async keep() {
        supervisor.stdin.write(`"keep"\n`);
        supervisor.ref();
        await Promise.race([kept, gone]);
        supervisor.unref();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    abort.abort();
  }
}

/** A caller that forgets `stop` must still be able to end; the supervisor then cleans up. */
function unrefAll(supervisor: ChildProcess): void {
  supervisor.unref();
  for (const stream of [supervisor.stdin, supervisor.stdout])
    if (stream !== null && "unref" in stream && typeof stream.unref === "function") stream.unref();
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGQUIT");
  } catch {
    // Already gone.
  }
}
