import { UpshiftError } from "@upshift/foundation";
import type { ProblemDetails } from "../problem/problem.ts";

const MOST_SHOWN = 10;
const LONGEST_SHOWN = 80;

/** Names came from whoever asked: few of them, short, and as JSON, in which nothing breaks a line. */
function show(names: readonly string[]): string {
  const shown = names
    .slice(0, MOST_SHOWN)
    .map((name) =>
      JSON.stringify(name.length > LONGEST_SHOWN ? `${name.slice(0, LONGEST_SHOWN)}…` : name),
    );
  const more = names.length > MOST_SHOWN ? ` and ${names.length - MOST_SHOWN} more` : "";
  return `${shown.join(", ")}${more}`;
}

/** The fields of a request are not of the form `id,author(name)`, or too long, too deep, too many: it maps to 400. */
export class InvalidFieldsError extends UpshiftError {
  readonly code = "UPSHIFT_FIELDS_INVALID" as const;
  /** Of an HTTP response, where Express and others look for it. */
  readonly status = 400;
  /** The same for Fastify. */
  readonly statusCode = 400;

  /** @param problem - what is wrong, as a sentence */
  constructor(problem: string) {
    super(`${problem} Fields are asked for as \`id,author(name,avatar(url))\`.`);
  }

  get problem(): ProblemDetails {
    return { status: this.status, title: "Invalid fields", detail: this.message, code: this.code };
  }
}

/** A request named fields that there are not: it maps to 400 with the list of those that there are. */
export class UnknownFieldsError extends UpshiftError {
  readonly code = "UPSHIFT_FIELDS_UNKNOWN" as const;
  /** Of an HTTP response, where Express and others look for it. */
  readonly status = 400;
  /** The same for Fastify. */
  readonly statusCode = 400;
  /** What this request may name. */
  readonly allowed: readonly string[];

  /**
   * @param unknown - paths as they were asked for
   * @param allowed - what this request may name in their place
   */
  constructor(unknown: readonly string[], allowed: readonly string[]) {
    super(`Unknown field ${show(unknown)}. Allowed are: ${allowed.join(", ")}`, {
      details: { unknownCount: unknown.length, allowed },
    });
    this.allowed = allowed;
  }

  get problem(): ProblemDetails {
    const { status, code, allowed } = this;
    return { status, title: "Unknown fields", detail: this.message, code, allowed };
  }
}

/** A request named fields that it may not see, or nothing was left of those it named: it maps to 403. */
export class ForbiddenFieldsError extends UpshiftError {
  readonly code = "UPSHIFT_FIELDS_FORBIDDEN" as const;
  /** Of an HTTP response, where Express and others look for it. */
  readonly status = 403;
  /** The same for Fastify. */
  readonly statusCode = 403;

  /** @param forbidden - paths that were asked for */
  constructor(forbidden: readonly string[]) {
    super(`Not allowed to see ${show(forbidden)}.`, {
      details: { forbiddenCount: forbidden.length },
    });
  }

  get problem(): ProblemDetails {
    const { status, code } = this;
    return { status, title: "Forbidden fields", detail: this.message, code };
  }
}
