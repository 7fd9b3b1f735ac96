import { Command, CommanderError } from "commander";
import type { CliIo } from "./cli-io.ts";
import { addAdviseCommand } from "./commands/advise.ts";
import { addDoctorCommand } from "./commands/doctor.ts";
import { addExplainCommand } from "./commands/explain.ts";
import { addRulesCommand } from "./commands/rules.ts";
import { addSnapshotCommand } from "./commands/snapshot.ts";
import { EXIT_INTERRUPTED, EXIT_OK } from "./exit-codes.ts";
import { reportFailure } from "./output/report-failure.ts";
import { packageVersion } from "./package-version.ts";

const HELP = `
Examples:
  $ upshift doctor postgres://me@localhost/shop      what makes this database slow, and the fix
  $ DATABASE_URL=… upshift doctor --sql > fix.sql    the fixes as a script
  $ psql -c "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT …" | upshift explain

Upshift reads catalogs and statistics in read-only transactions and writes nothing to a database.
Where to connect: the URL argument, else DATABASE_URL, else --service or PGSERVICE, else PGHOST, PGPORT, PGUSER,
PGDATABASE, PGPASSWORD, ~/.pgpass, PGSSLMODE, PGSSLROOTCERT as psql reads them.

Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 could not run, 130 interrupted`;

/**
 * Runs one command line, without the program's name, and gives its exit code. Never throws, never ends the process.
 *
 * Safe to call several times at once: nothing is kept between runs.
 */
export async function run(argv: readonly string[], io: CliIo): Promise<number> {
  let exitCode = EXIT_OK;
  const program = createProgram(io, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv.length === 0 ? ["--help"] : argv, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT_OK;
    if (!io.signal.aborted) return reportFailure(error, argv, io);
  }
  return io.signal.aborted ? EXIT_INTERRUPTED : exitCode;
}

function createProgram(io: CliIo, finish: (exitCode: number) => void): Command {
  const version = packageVersion();
  const program = new Command("upshift")
    .description("The performance doctor for Node.js backends on PostgreSQL")
    .addHelpText("after", HELP);
  addDoctorCommand(program, io, finish);
  addExplainCommand(program, io, finish);
  addSnapshotCommand(program, io, finish);
  addAdviseCommand(program, io, finish);
  addRulesCommand(program, io, finish);
  for (const command of [program, ...program.commands]) {
    command
      .version(version, "-V, --version", "print the version")
      .helpOption("-h, --help", "print this help")
      .exitOverride()
      .configureOutput({
        writeOut: (text) => void io.stdout.write(text),
        // Failures are reported in one place, with their exit code; see `reportFailure`.
        writeErr: () => undefined,
        getOutHelpWidth: () => io.stdout.columns ?? 100,
        getOutHasColors: () => false,
      });
  }
  return program;
}
