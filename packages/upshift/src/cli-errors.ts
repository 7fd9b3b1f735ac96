import { UpshiftError } from "@upshift/foundation";

/** The command line asks for something that does not exist. Its message never repeats what may be a connection URL. */
export class CommandLineError extends UpshiftError {
  readonly code = "UPSHIFT_COMMAND_LINE_INVALID" as const;
}

/** A file or standard input that cannot be used: missing, a folder, empty, too large, not text. */
export class InputUnreadableError extends UpshiftError {
  readonly code = "UPSHIFT_INPUT_UNREADABLE" as const;

  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}

/** A result could not be written to the file that was asked for. */
export class OutputFailedError extends UpshiftError {
  readonly code = "UPSHIFT_OUTPUT_FAILED" as const;

  constructor(file: string, cause: unknown) {
    const reason =
      cause instanceof Error && "code" in cause ? String(cause.code) : "unknown reason";
    super(
      `Could not write ${file} (${reason}). Check that its folder exists and may be written to.`,
      {
        cause,
      },
    );
  }
}

/** No rule has this id. */
export class RuleUnknownError extends UpshiftError {
  readonly code = "UPSHIFT_RULE_UNKNOWN" as const;

  constructor(id: string, suggestions: readonly string[]) {
    const hint = suggestions.length === 0 ? "" : ` Did you mean ${suggestions.join(" or ")}?`;
    super(`There is no rule "${id}".${hint} "upshift rules" lists all.`);
  }
}

/** Anything that is thrown and was not meant to be: a fault of Upshift. */
export class UnexpectedError extends UpshiftError {
  readonly code = "UPSHIFT_UNEXPECTED" as const;

  constructor(cause: unknown) {
    const said = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    super(`Unexpected fault of Upshift, please report it: ${said}`, { cause });
  }
}
