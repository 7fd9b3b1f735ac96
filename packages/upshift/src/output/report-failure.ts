import { UpshiftError } from "@upshift/foundation";
import { neutralise } from "@upshift/findings/terminal";
import { CommanderError } from "commander";
import { CommandLineError, UnexpectedError } from "../cli-errors.ts";
import type { CliIo } from "../cli-io.ts";
import { EXIT_COULD_NOT_RUN } from "../exit-codes.ts";
import { screenFor } from "./screen.ts";

/** Tells why a command could not run: one line on standard error and, with `--json`, a JSON document on standard output. */
export function reportFailure(error: unknown, argv: readonly string[], io: CliIo): number {
  const { code, message: said } = failureOf(error, argv);
  const message = neutralise(said);
  if (argv.includes("--json")) {
    io.stdout.write(`${JSON.stringify({ schemaVersion: 1, error: { code, message } }, null, 2)}\n`);
  }
  const { palette } = screenFor(io, io.stderr, !argv.includes("--no-color"));
  io.stderr.write(`${palette.severity.error("error:")} ${message}\n`);
  return EXIT_COULD_NOT_RUN;
}

function failureOf(error: unknown, argv: readonly string[]): UpshiftError {
  if (error instanceof CommanderError) return fromCommander(error, argv);
  return error instanceof UpshiftError ? error : new UnexpectedError(error);
}

/** The parser repeats arguments in its messages, and an argument may be a URL with a password. */
function fromCommander(error: CommanderError, argv: readonly string[]): CommandLineError {
  const said = error.message
    .replace(/^error: /, "")
    .replaceAll(/\S*:\/\/[^\s']*/g, "URL")
    .replaceAll(/\S*\bpassword\s*=[^']*/gi, "…")
    .replaceAll(/\s+/g, " ")
    .replace(/ \((Did you mean .*\?)\)$/, ". $1")
    .replace(/([^.?])$/, "$1.");
  if (error.code === "commander.unknownCommand" && /:\/\//.test(argv[0] ?? "")) {
    return new CommandLineError("A URL comes after a command: upshift doctor URL");
  }
  const command = argv.find((argument) => /^[a-z]+$/.test(argument)) ?? "";
  const help = error.code === "commander.unknownCommand" ? "" : ` ${command}`.trimEnd();
  return new CommandLineError(`${capitalised(said)} Help: upshift${help} --help`);
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
