import { InvalidArgumentError, toMs } from "@upshift/foundation";
import { type Command, Option } from "commander";
import type { FailOn } from "../exit-codes.ts";

/** Options that every command has. */
export interface OutputOptions {
  readonly json?: true;
  readonly quiet?: true;
  /** `--no-color` makes it false. */
  readonly color: boolean;
}

/** Options of a command that connects to a database. */
export interface ConnectionOptions {
  readonly service?: string;
  readonly timeout: number;
  readonly printSql?: true;
}

/** Options of a command that advises. */
export interface AdviceOptions {
  readonly workload?: string;
  readonly budget?: number;
  readonly sql?: true;
  readonly jsonFile?: string;
  readonly top: number;
  readonly withValues?: true;
}

export function addOutputOptions(command: Command): Command {
  return command
    .option("--json", "print JSON with a schemaVersion; errors are JSON too")
    .option("--quiet", "no progress and no warnings")
    .option("--no-color", "no colours (also NO_COLOR; FORCE_COLOR forces them)");
}

export function addConnectionOptions(command: Command): Command {
  return command
    .option("--service <name>", "connection service of pg_service.conf, instead of DATABASE_URL")
    .addOption(
      new Option("--timeout <duration>", "longest one statement may run on the server")
        .argParser((text) => toMs(text, "--timeout"))
        .default(30_000, "30s"),
    )
    .option("--print-sql", "print every statement that would be run, connect to nothing, and exit");
}

export function addAdviceOptions(command: Command): Command {
  return command
    .option("--workload <file>", "SQL statements to advise on, instead of pg_stat_statements")
    .addOption(
      new Option(
        "--budget <size>",
        "most that new indexes may take, such as 500MB or 2GB",
      ).argParser((text) => parseSize(text, "--budget")),
    )
    .option("--sql", "print a SQL script of the verified fixes")
    .option("--json-file <file>", "also write the JSON report to a file")
    .addOption(
      new Option("--top <n>", "show a person only the first n findings; --json has all")
        .argParser((text) => parseCount(text, "--top"))
        .default(10),
    )
    .option("--with-values", "show literals of queries and values of statistics as they are");
}

export function failOnOption(fallback: FailOn): Option {
  return new Option("--fail-on <severity>", "exit with 1 for findings of this severity or above")
    .choices(["error", "warn", "info", "never"])
    .default(fallback);
}

const SIZE_EXPONENTS: Readonly<Record<string, number>> = { K: 1, M: 2, G: 3, T: 4 };

/**
 * Bytes in `500MB` or `2GB`; units of 1024 as PostgreSQL has them.
 *
 * @throws {InvalidArgumentError}
 */
export function parseSize(text: string, name: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(?:([kmgt])(?:i?b)?|b|bytes)?\s*$/i.exec(text);
  const unit = match?.[2]?.toUpperCase();
  const exponent = unit === undefined ? 0 : (SIZE_EXPONENTS[unit] ?? 0);
  const sizeBytes = Number(match?.[1] ?? Number.NaN) * 1024 ** exponent;
  if (!Number.isFinite(sizeBytes) || sizeBytes < 0) {
    throw new InvalidArgumentError(`\`${name}\` as a size like "500MB" or "2GB"`, text);
  }
  return Math.round(sizeBytes);
}

function parseCount(text: string, name: string): number {
  if (!/^\d{1,6}$/.test(text))
    throw new InvalidArgumentError(`\`${name}\` as a whole number`, text);
  return Number(text);
}
