import { formatBytes } from "@upshift/findings/terminal";
import type { Command } from "commander";
import type { CliIo } from "../cli-io.ts";
import { EXIT_OK } from "../exit-codes.ts";
import { writePrivateFile } from "../output/write-file.ts";
import { printStatements, readDatabase } from "../report/read-database.ts";
import { createContext } from "./command-context.ts";
import {
  addConnectionOptions,
  addOutputOptions,
  type ConnectionOptions,
  type OutputOptions,
} from "./command-options.ts";

interface SnapshotOptions extends OutputOptions, ConnectionOptions {
  readonly output?: string;
  readonly withValues?: true;
}

const HELP = `
A snapshot holds schema, sizes, statistics, settings and the workload: no table rows. Values in statistics and literals
in queries are replaced unless you say --with-values. The file is readable by its owner only.

Examples:
  $ upshift snapshot -o shop.json            the database of DATABASE_URL
  $ upshift advise --snapshot shop.json      advice elsewhere, without a connection
  $ upshift snapshot -o - | gzip > shop.json.gz

Exit codes: 0 written, 2 could not run, 130 interrupted`;

export function addSnapshotCommand(
  program: Command,
  io: CliIo,
  finish: (exitCode: number) => void,
): void {
  const command = program
    .command("snapshot")
    .description("write what the advisor needs to know of a database into a file")
    .argument("[url]", "connection URL; default DATABASE_URL, then PG* variables")
    .option("-o, --output <file>", "file to write; - for standard output", "-")
    .option("--with-values", "keep values of statistics and literals of queries");
  addConnectionOptions(command);
  addOutputOptions(command)
    .addHelpText("after", HELP)
    .action(async (url: string | undefined, options: SnapshotOptions) => {
      finish(await writeSnapshot(url, options, io));
    });
}

async function writeSnapshot(
  url: string | undefined,
  options: SnapshotOptions,
  io: CliIo,
): Promise<number> {
  const context = createContext(io, options);
  if (options.printSql === true) return await printStatements(context);
  const real = await readDatabase({ url, options, workloadSql: undefined }, context);
  const { redactSnapshot, snapshotToJson } = await import("@upshift/advisor");
  const snapshot = options.withValues === true ? real : await redactSnapshot(real);
  const text = `${snapshotToJson(snapshot).trimEnd()}\n`;
  const file = options.output ?? "-";
  if (file === "-") {
    context.print(text.trimEnd());
    return EXIT_OK;
  }
  await writePrivateFile(file, text);
  if (options.json === true) {
    context.printJson({
      schemaVersion: 1,
      file,
      sizeBytes: Buffer.byteLength(text),
      values: snapshot.values,
    });
  } else {
    context.print(
      `Wrote ${file}: ${formatBytes(Buffer.byteLength(text))}, ${snapshot.relations.length} tables, ${snapshot.workload.queries.length} queries, values ${snapshot.values}.`,
    );
  }
  return EXIT_OK;
}
