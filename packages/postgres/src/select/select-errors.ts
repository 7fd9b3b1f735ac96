import { UpshiftError } from "@upshift/foundation";

/** A field was asked for that the projection does not declare, or none at all. The names came from whoever asked, so it maps to 400. */
export class UnknownFieldError extends UpshiftError {
  readonly code = "UPSHIFT_UNKNOWN_FIELD" as const;
  /** Of an HTTP response, where Express and others look for it. */
  readonly status = 400;
  /** The same for Fastify. */
  readonly statusCode = 400;

  /**
   * @param unknown - the names as they were asked for; empty when none was named
   * @param allowed - what can be named in their place
   */
  constructor(unknown: readonly string[], allowed: readonly string[]) {
    const shown = unknown.slice(0, MOST_SHOWN).map(show);
    const more = unknown.length > MOST_SHOWN ? ` and ${unknown.length - MOST_SHOWN} more` : "";
    const problem =
      unknown.length === 0 ? "No field is named." : `Unknown field ${shown.join(", ")}${more}.`;
    super(`${problem} Allowed are: ${allowed.join(", ")}`, {
      details: { unknown: shown, allowed },
    });
  }
}

const MOST_SHOWN = 10;
const LONGEST_SHOWN = 80;

function show(name: string): string {
  return JSON.stringify(name.length > LONGEST_SHOWN ? `${name.slice(0, LONGEST_SHOWN)}…` : name);
}
