import { DEMO_HELP, parseDemoOptions } from "./demo/demo-options.ts";
import { runDemo } from "./demo/run-demo.ts";
import { Screen } from "./demo/screen.ts";

const INTERRUPTED = new Error("interrupted");
const EXIT_INTERRUPTED = 130;

/** @returns the exit code */
async function main(): Promise<number> {
  const options = parseDemoOptions(process.argv.slice(2), process.env);
  const screen = new Screen(process.stdout, options);
  if (options.help) {
    screen.line(DEMO_HELP);
    return 0;
  }
  const abort = new AbortController();
  // The first signal cleans up in order; a second one ends us at once, and the server's supervisor does the cleaning.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => abort.abort(INTERRUPTED));
  // `npm start | head`: nobody reads any more, which is as good as Ctrl-C.
  process.stdout.on("error", () => abort.abort(INTERRUPTED));
  try {
    await runDemo(options, screen, abort.signal);
    return 0;
  } catch (error) {
    screen.clearProgress();
    if (abort.signal.aborted) {
      process.stderr.write("\nInterrupted: the server is stopped and its files are removed.\n");
      return EXIT_INTERRUPTED;
    }
    throw error;
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
