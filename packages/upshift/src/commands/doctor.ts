import { renderFinding } from "@upshift/findings/terminal";
import type { Command } from "commander";
import type { CliIo } from "../cli-io.ts";
import { exitCodeFor, type FailOn } from "../exit-codes.ts";
import { readInput } from "../output/read-input.ts";
import { isAnswered } from "../report/answered-findings.ts";
import { redactFinding, toReport } from "../report/database-report.ts";
import { deliverReport } from "../report/deliver-report.ts";
import { printStatements, readDatabase } from "../report/read-database.ts";
import { renderFirstLook } from "../report/render-first-look.ts";
import { renderHeader } from "../report/render-header.ts";
import { createContext } from "./command-context.ts";
import {
  addAdviceOptions,
  addConnectionOptions,
  addOutputOptions,
  type AdviceOptions,
  type ConnectionOptions,
  failOnOption,
  type OutputOptions,
} from "./command-options.ts";

interface DoctorOptions extends OutputOptions, ConnectionOptions, AdviceOptions {
  readonly failOn: FailOn;
}

const HELP = `
Reads catalogs and statistics in read-only transactions, disconnects, and tries indexes in a copy of the planner on this
machine. It writes nothing to the database; --print-sql shows every statement it would run.

Examples:
  $ upshift doctor                                   the database of DATABASE_URL
  $ upshift doctor postgres://me@localhost/shop
  $ upshift doctor --workload queries.sql --budget 2GB
  $ upshift doctor --sql > fix.sql                   read it, then: psql -v ON_ERROR_STOP=1 -f fix.sql
  $ upshift doctor --json --fail-on warn             for a pipeline

Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 could not run, 130 interrupted`;

export function addDoctorCommand(
  program: Command,
  io: CliIo,
  finish: (exitCode: number) => void,
): void {
  const command = program
    .command("doctor")
    .description("diagnose a database: what is slow, why, and the verified fix")
    .argument("[url]", "connection URL; default DATABASE_URL, then PG* variables");
  addAdviceOptions(command).addOption(failOnOption("error"));
  addConnectionOptions(command);
  addOutputOptions(command)
    .addHelpText("after", HELP)
    .action(async (url: string | undefined, options: DoctorOptions) => {
      finish(await examine(url, options, io));
    });
}

async function examine(
  url: string | undefined,
  options: DoctorOptions,
  io: CliIo,
): Promise<number> {
  const context = createContext(io, options);
  if (options.printSql === true) return await printStatements(context);
  const workloadSql =
    options.workload === undefined
      ? undefined
      : await readInput(options.workload, "SQL statements", io);
  const snapshot = await readDatabase({ url, options, workloadSql }, context);
  const isForPeople = options.json !== true && options.sql !== true;
  if (isForPeople) context.print(`${renderHeader(snapshot, context.screen)}\n`);

  const { diagnose } = await import("@upshift/advisor");
  // What is certain is shown at once: the search for indexes may take a while.
  const shown = new Set<string>();
  const diagnosis = await diagnose(snapshot, {
    ...(options.budget === undefined ? {} : { budgetBytes: options.budget }),
    withValues: options.withValues === true,
    signal: io.signal,
    onProgress: context.progress.onProgress,
    ...(isForPeople
      ? { onFirstLook: (look) => context.print(`${renderFirstLook(look, context.screen)}\n`) }
      : {}),
    onFinding: (finding) => {
      if (!isForPeople || isAnswered(finding)) return;
      if (shown.size >= options.top || shown.has(finding.key)) return;
      shown.add(finding.key);
      context.print(`${renderFinding(redactFinding(finding, options), context.screen)}\n`);
    },
  });
  context.progress.clear();
  const report = toReport(snapshot, diagnosis, options);
  const sqlCommand = "upshift doctor --sql > fix.sql";
  await deliverReport(report, options, context, { sqlCommand, shown });
  return exitCodeFor(report.findings, options.failOn);
}
