import { parseArgs } from "node:util";
import { benchmarkNames, benchmarksNamed, loadBenchmark } from "./harness/find-benchmarks.ts";
import { runBenchmark } from "./harness/run-benchmark.ts";

const FOLDER = new URL("./", import.meta.url);
const EXIT_CLAIM_FAILED = 1;
const EXIT_COULD_NOT_RUN = 2;

async function help(): Promise<string> {
  return `Usage: npm run bench -- <name or folder> [options]

Measures one claim of the project: contestants take turns in one run, every result is checked.

Benchmarks: ${(await benchmarkNames(FOLDER)).join(", ") || "none yet"}

Options:
  --quick   at most 20 rounds instead of a full run
  --json    a line of JSON per benchmark instead of a table
  --help    this text

Exit codes: 0 every claim holds, 1 one does not, 2 could not run`;
}

/** @returns the exit code */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const [name, ...others] = positionals;
  if (values.help) {
    process.stdout.write(`${await help()}\n`);
    return 0;
  }
  if (name === undefined || others.length > 0) {
    process.stderr.write(`Name one benchmark.\n\n${await help()}\n`);
    return EXIT_COULD_NOT_RUN;
  }
  const abort = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => abort.abort(new Error("interrupted")));
  let holds = true;
  for (const each of await benchmarksNamed(FOLDER, name)) {
    const benchmark = await loadBenchmark(FOLDER, each);
    const { report, text } = await runBenchmark(benchmark, {
      quick: values.quick,
      signal: abort.signal,
      note: (line) => void process.stderr.write(`${line}\n`),
    });
    process.stdout.write(`${values.json ? JSON.stringify(report) : text}\n`);
    holds &&= report.claims.every((claim) => claim.holds);
  }
  return holds ? 0 : EXIT_CLAIM_FAILED;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = EXIT_COULD_NOT_RUN;
}
