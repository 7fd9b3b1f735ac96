// @ts-check
// Owns one server process and its folder, and removes both when its parent is gone.
//
// Plain JavaScript without imports of ours: it runs the same from `src` (tests) and from `dist`, and never stale.
// It is started in a session of its own, so Ctrl-C on the terminal does not reach it. Its standard input is a pipe
// from the parent: whatever ends the parent, even `kill -9`, closes that pipe, and that is the order to clean up.
//
// Input, one JSON value per line: first a Specification (see src/specification.ts), later perhaps "keep",
// after which a closed pipe no longer stops the server ("stop" and SIGTERM to this process still do), or "restart",
// which starts the server anew in its folder once it has exited.
// Output, one JSON value per line: folder, setup, running, failed, exited.
import { spawn } from "node:child_process";
import {
  chown,
  cp,
  lchown,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  writeFile,
} from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

/** @typedef {import("./src/specification.ts").Specification} Specification */
/** @typedef {import("./src/specification.ts").Command} Command */

/** Time for a process to obey before it is killed. */
const GRACE_MS = 5_000;

/** What there is to stop and to remove. */
const owned = {
  /** @type {string | undefined} */
  folder: undefined,
  /** @type {number | null} */
  pid: null,
  /** @type {NodeJS.Signals} */
  stopSignal: "SIGTERM",
};
let isClosing = false;
let isKept = false;

/** @param {Record<string, unknown>} event */
function tell(event) {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

/** @param {string} text */
const inFolder = (text) => text.replaceAll("{folder}", owned.folder ?? "");

/**
 * @param {Command} command
 * @param {Specification} specification
 * @param {NodeJS.Signals} stopSignal
 * @param {string} logFile
 * @returns {Promise<{ code: number | null, signal: string | null }>}
 */
async function run(command, specification, stopSignal, logFile) {
  const log = await open(logFile, "a", 0o600);
  try {
    if (isClosing) return { code: null, signal: "SIGTERM" };
    const started = spawn(inFolder(command.file), command.args.map(inFolder), {
      cwd: owned.folder,
      env: { ...process.env, ...specification.environment },
      stdio: ["ignore", log.fd, log.fd],
      // A process group of its own, so that its helpers are stopped with it.
      detached: true,
      ...specification.user,
    });
    owned.pid = started.pid ?? null;
    owned.stopSignal = stopSignal;
    return await new Promise((resolve, reject) => {
      started.once("error", reject);
      started.once("spawn", () => tell({ event: "started", pid: started.pid }));
      started.once("exit", (code, signal) => resolve({ code, signal }));
    });
  } finally {
    await log.close();
    owned.pid = null;
  }
}

/**
 * @param {number} pid negative for a process group
 * @param {NodeJS.Signals} signal
 */
function sendSignal(pid, signal) {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

async function stopChild() {
  const { pid } = owned;
  if (pid === null) return;
  // The process itself decides about its helpers; only the last resort goes to the whole group.
  sendSignal(pid, owned.stopSignal);
  const killAtMs = Date.now() + GRACE_MS;
  while (owned.pid !== null && Date.now() < killAtMs) await delay(5);
  // A zombie that nobody reaps, as in a container without an init, stays in its group for ever.
  const giveUpAtMs = Date.now() + GRACE_MS;
  while (sendSignal(-pid, "SIGKILL") && Date.now() < giveUpAtMs) await delay(5);
}

async function removeFolder() {
  // A last helper may still be writing while the tree is removed.
  if (owned.folder !== undefined)
    await rm(owned.folder, { recursive: true, force: true, maxRetries: 50, retryDelay: 50 });
}

async function close() {
  if (isClosing) return;
  isClosing = true;
  await stopChild();
  // What is still being written would come back after the removal.
  await preparing.catch(() => {});
  await removeFolder();
  process.exit(0);
}

/** @type {Promise<void>} */
let preparing = Promise.resolve();
/** @type {() => Promise<void>} */
let restart = async () => {};

/**
 * A copy keeps the modes of its source, which may be closed to everyone but its owner.
 *
 * @param {string} folder
 * @param {{ uid: number, gid: number }} user
 */
async function giveTree(folder, { uid, gid }) {
  const entries = await readdir(folder, { recursive: true });
  for (const entry of ["", ...entries]) await lchown(path.join(folder, entry), uid, gid);
}

/** @param {Specification} specification */
async function prepare({ parentFolder, folderPrefix, user, copies, files }) {
  const folder = await mkdtemp(path.join(parentFolder, folderPrefix));
  owned.folder = folder;
  tell({ event: "folder", folder });
  if (user !== undefined) await chown(folder, user.uid, user.gid);
  for (const { from, to } of copies) {
    if (isClosing) return;
    await cp(from, inFolder(to), { recursive: true, verbatimSymlinks: true });
    if (user !== undefined) await giveTree(inFolder(to), user);
  }
  for (const { file, text } of files) {
    if (isClosing) return;
    await writeFile(inFolder(file), inFolder(text), { mode: 0o600 });
    if (user !== undefined) await chown(inFolder(file), user.uid, user.gid);
  }
}

/** @param {Specification} specification */
async function supervise(specification) {
  preparing = prepare(specification);
  await preparing;
  if (isClosing) return;
  const logFile = path.join(owned.folder ?? "", "server.log");
  for (const command of specification.setup) {
    const { code, signal } = await run(command, specification, "SIGTERM", logFile);
    if (isClosing) return;
    if (code !== 0) {
      const log = await readFile(logFile, "utf8");
      tell({ event: "failed", what: path.basename(command.file), code, signal, log });
      return;
    }
  }
  await serve(specification, logFile);
}

/**
 * @param {Specification} specification
 * @param {string} logFile
 */
async function serve(specification, logFile) {
  const running = run(specification.server, specification, specification.stopSignal, logFile);
  tell({ event: "running", folder: owned.folder, logFile });
  restart = () => serve(specification, logFile);
  const { code, signal } = await running;
  if (isClosing) return;
  // The folder stays until the parent has read the log, unless there is no parent any more.
  tell({ event: "exited", code, signal });
  if (isKept) void close();
}

/** @param {unknown} error */
function failed(error) {
  if (!isClosing) tell({ event: "failed", what: "supervisor", log: String(error) });
}

let isFirstLine = true;
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const message = JSON.parse(line);
  if (message === "keep") {
    isKept = true;
    tell({ event: "kept" });
  } else if (message === "stop") {
    void close();
  } else if (message === "restart") {
    if (!isClosing && owned.pid === null) restart().catch(failed);
  } else if (isFirstLine) {
    isFirstLine = false;
    supervise(message).catch(failed);
  }
});
lines.on("close", () => {
  if (!isKept) void close();
});
for (const signal of /** @type {const} */ (["SIGTERM", "SIGINT", "SIGHUP"]))
  process.on(signal, () => void close());
// The parent may die while we write to it.
process.stdout.on("error", () => {});
process.stdin.on("error", () => {});
