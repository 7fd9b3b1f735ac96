import { type ChildProcessByStdio, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { ServiceFailedError } from "./services-errors.ts";
import type { Specification, SupervisorEvent } from "./specification.ts";

const SUPERVISOR = fileURLToPath(new URL("../supervise.mjs", import.meta.url));

/** A server with a folder, both owned by a supervisor process that outlives us just long enough to remove them. */
export class SupervisedProcess {
  readonly #component: string;
  readonly #supervisor: ChildProcessByStdio<Writable, Readable, null>;
  readonly #events = new EventEmitter();
  readonly #gone: Promise<void>;
  #folder = "";
  #logFile = "";
  #serverPid: number | undefined;
  #hasExited = false;

  private constructor(component: string, specification: Specification) {
    this.#component = component;
    this.#supervisor = spawn(process.execPath, [SUPERVISOR], {
      // A session of its own: Ctrl-C on the terminal must not reach it before it has cleaned up.
      detached: true,
      cwd: "/",
      stdio: ["pipe", "pipe", "ignore"],
    });
    this.#supervisor.stdin.on("error", () => {});
    this.#supervisor.stdin.write(`${JSON.stringify(specification)}\n`);
    this.#gone = this.#cleanUpAfterSupervisor();
    this.#events.on("error", () => {});
    createInterface({ input: this.#supervisor.stdout }).on("line", (line) => {
      const event: SupervisorEvent = JSON.parse(line);
      this.#receive(event);
    });
  }

  /**
   * Starts a server under a supervisor and resolves once the server process runs (not: once it answers).
   *
   * @throws {ServiceFailedError} when a setup command fails
   * @throws the reason of `signal` when aborted; nothing is left behind then
   */
  static async start(
    component: string,
    specification: Specification,
    signal?: AbortSignal,
  ): Promise<SupervisedProcess> {
    signal?.throwIfAborted();
    const started = new SupervisedProcess(component, specification);
    try {
      await once(started.#events, "running", signal === undefined ? {} : { signal });
    } catch (error) {
      await started.stop();
      signal?.throwIfAborted();
      throw error;
    }
    started.#letProcessEnd();
    return started;
  }

  get folder(): string {
    return this.#folder;
  }

  get logFile(): string {
    return this.#logFile;
  }

  /** True when the server ended without being asked to. */
  get hasExited(): boolean {
    return this.#hasExited;
  }

  /** SIGTERM to this process stops the server and removes the folder. */
  get supervisorPid(): number {
    return this.#supervisor.pid ?? 0;
  }

  /** Of the server itself; 0 when it has never started. */
  get serverPid(): number {
    return this.#serverPid ?? 0;
  }

  /** Starts a server that has exited anew, in its folder. Resolves once its process runs. */
  async restart(): Promise<void> {
    this.#supervisor.ref();
    const running = once(this.#events, "started");
    this.#hasExited = false;
    this.#supervisor.stdin.write(`"restart"\n`);
    await running;
    this.#letProcessEnd();
  }

  /** Stops the server, removes the folder. Safe to call twice. */
  async stop(): Promise<void> {
    this.#supervisor.ref();
    // After `keep` a closed pipe says nothing any more.
    this.#supervisor.stdin.end(`"stop"\n`);
    await this.#gone;
  }

  /** From now on the server survives this process; `kill <supervisorPid>` stops it. */
  async keep(): Promise<void> {
    this.#supervisor.ref();
    const kept = once(this.#events, "kept");
    this.#supervisor.stdin.write(`"keep"\n`);
    await kept;
    this.#letProcessEnd();
  }

  #receive(event: SupervisorEvent): void {
    this.#folder = event.folder ?? this.#folder;
    this.#logFile = event.logFile ?? this.#logFile;
    if (event.event === "started") this.#serverPid = event.pid;
    if (event.event === "exited") this.#hasExited = true;
    if (event.event === "failed") {
      const how = typeof event.code === "number" ? `code ${event.code}` : `${event.signal}`;
      const what = `${event.what} failed (${how})`;
      this.#events.emit("error", new ServiceFailedError(this.#component, what, event.log ?? ""));
    } else this.#events.emit(event.event);
  }

  /** A kill of the supervisor itself leaves its work to us, as far as we know about it. */
  async #cleanUpAfterSupervisor(): Promise<void> {
    const supervisor = this.#supervisor;
    await new Promise<void>((resolve) => {
      supervisor.once("exit", () => resolve());
      supervisor.once("error", () => resolve());
    });
    const isOrderly = supervisor.exitCode === 0;
    if (!isOrderly && this.#serverPid !== undefined) killQuietly(this.#serverPid);
    if (!isOrderly && this.#folder !== "")
      await rm(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    this.#hasExited = true;
    const error = new ServiceFailedError(this.#component, "its supervisor has ended", "");
    this.#events.emit("error", error);
  }

  /** A caller that forgets `stop` must still be able to end; the supervisor then cleans up. */
  #letProcessEnd(): void {
    this.#supervisor.unref();
    for (const stream of [this.#supervisor.stdin, this.#supervisor.stdout])
      if ("unref" in stream && typeof stream.unref === "function") stream.unref();
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGQUIT");
  } catch {
    // Already gone.
  }
}
