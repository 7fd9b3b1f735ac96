import { homedir } from "node:os";
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { run } from "./cli.ts";
import { EXIT_INTERRUPTED } from "./exit-codes.ts";

/** Longest that cleaning up after Ctrl-C may take; the first start of the twin cannot be cut short within its seconds. */
const CLEAN_UP_MS = 15_000;

/*
 * V8 compiles a WebAssembly function again, slowly and better, once it has run for a while. The twin's start touches thousands
 * of them for a second each: measured, that compiling takes half to two thirds of a short run. Only truly hot ones are worth it.
 */
setFlagsFromString("--wasm-tiering-budget=1000000000");

const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    // A second Ctrl-C, or a clean-up that hangs, must still end the process.
    if (interruption.signal.aborted) process.exit(EXIT_INTERRUPTED);
    interruption.abort(new Error("interrupted"));
    setTimeout(() => process.exit(EXIT_INTERRUPTED), CLEAN_UP_MS).unref();
  });
}
for (const stream of [process.stdout, process.stderr]) {
  // The reader has gone (`| head`): there is nobody to tell, and no reason to fail.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

const exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  homeFolder: homedir(),
  signal: interruption.signal,
});
// Written out first: exit does not wait for a pipe.
for (const stream of [process.stdout, process.stderr]) {
  await new Promise<void>((resolve) => {
    if (stream.writableLength === 0 || stream.destroyed) resolve();
    else stream.write("", () => resolve());
  });
}
process.exit(exitCode);
