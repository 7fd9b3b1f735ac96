import type { DatabaseSnapshot, Diagnosis } from "@upshift/advisor";
import type { Command } from "commander";
import type { CliIo } from "../cli-io.ts";
import { CommandLineError } from "../cli-errors.ts";
import { exitCodeFor, type FailOn } from "../exit-codes.ts";
import { readInput } from "../output/read-input.ts";
import { toReport } from "../report/database-report.ts";
import { deliverReport } from "../report/deliver-report.ts";
import { printStatements, readDatabase } from "../report/read-database.ts";
import { renderHeader } from "../report/render-header.ts";
import { type CommandContext, createContext } from "./command-context.ts";
import {
  addAdviceOptions,
  addConnectionOptions,
  addOutputOptions,
  type AdviceOptions,
  type ConnectionOptions,
  failOnOption,
  type OutputOptions,
} from "./command-options.ts";

interface AdviseOptions extends OutputOptions, ConnectionOptions, AdviceOptions {
  readonly failOn: FailOn;
  readonly snapshot?: string;
}

const HELP = `
Like doctor, but index advice only. With --snapshot nothing is connected to.

Examples:
  $ upshift advise --budget 500MB
  $ upshift advise --snapshot shop.json --workload queries.sql
  $ upshift advise --snapshot shop.json --json

Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 could not run, 130 interrupted`;

export function addAdviseCommand(
  program: Command,
  io: CliIo,
  finish: (exitCode: number) => void,
): void {
  const command = program
    .command("advise")
    .description("index advice for a whole workload, from a database or from a snapshot file")
    .argument("[url]", "connection URL; default DATABASE_URL, then PG* variables")
    .option("--snapshot <file>", "advise from a file that `upshift snapshot` wrote");
  addAdviceOptions(command).addOption(failOnOption("never"));
  addConnectionOptions(command);
  addOutputOptions(command)
    .addHelpText("after", HELP)
    .action(async (url: string | undefined, options: AdviseOptions) => {
      finish(await adviseOn(url, options, io));
    });
}

async function adviseOn(
  url: string | undefined,
  options: AdviseOptions,
  io: CliIo,
): Promise<number> {
  const context = createContext(io, options);
  if (options.printSql === true) return await printStatements(context);
  const snapshot = await obtainSnapshot(url, options, context);
  if (options.json !== true && options.sql !== true) {
    context.print(`${renderHeader(snapshot, context.screen)}\n`);
  }
  const diagnosis = await adviseWithTwin(snapshot, options, context);
  context.progress.clear();
  const report = toReport(snapshot, diagnosis, options);
  const sqlCommand = "upshift advise --sql > fix.sql";
  await deliverReport(report, options, context, { sqlCommand });
  return exitCodeFor(report.findings, options.failOn);
}

async function adviseWithTwin(
  snapshot: DatabaseSnapshot,
  options: AdviseOptions,
  { io, progress }: CommandContext,
): Promise<Diagnosis> {
  const { advise, openTwin } = await import("@upshift/advisor");
  const { signal } = io;
  const { onProgress } = progress;
  // Without a workload there is nothing to plan, and the catalog's own findings need no twin.
  const planner =
    snapshot.workload.queries.length === 0
      ? undefined
      : await openTwin(snapshot, { signal, onProgress });
  try {
    const advice = await advise({
      snapshot,
      signal,
      onProgress,
      ...(planner === undefined ? {} : { planner }),
      ...(options.budget === undefined ? {} : { budgetBytes: options.budget }),
    });
    const { findings, notes } = advice;
    return { findings, advice, notes, limitations: planner?.limitations ?? [] };
  } finally {
    await planner?.close();
  }
}

async function obtainSnapshot(
  url: string | undefined,
  options: AdviseOptions,
  context: CommandContext,
): Promise<DatabaseSnapshot> {
  const { io } = context;
  const workloadSql =
    options.workload === undefined
      ? undefined
      : await readInput(options.workload, "SQL statements", io);
  if (options.snapshot === undefined) {
    return await readDatabase({ url, options, workloadSql }, context);
  }
  if (url !== undefined) throw new CommandLineError("Give a URL or --snapshot, not both.");
  const { parseSnapshot, parseWorkload } = await import("@upshift/advisor");
  const snapshot = parseSnapshot(
    await readInput(options.snapshot, "a file that upshift snapshot wrote", io),
  );
  if (workloadSql === undefined) return snapshot;
  const { queries, skipped } = await parseWorkload(workloadSql);
  const note = queries.length === 0 ? "The workload file has no statement to advise on." : null;
  return { ...snapshot, workload: { source: "file", note, queries, skipped } };
}
