import { hasErrorCode, UpshiftError } from "@upshift/foundation";
import type { ProblemDetails } from "./problem.ts";

/** An error that says itself what a client may know of it. */
export interface ProblemError {
  readonly problem: ProblemDetails;
}

/**
 * What a client may know of an error.
 *
 * - An error with `problem` says it itself.
 * - One with `status` or `statusCode` from 400 to 499 keeps that; its message is told only where it was written for it: by Upshift, or with `expose: true`, as http-errors has it.
 * - Anything else is 500 and nothing more: messages of databases hold values of rows, names of hosts and users.
 */
export function problemOfError(error: unknown): ProblemDetails {
  if (typeof error !== "object" || error === null) return { status: 500 };
  const own = Reflect.get(error, "problem");
  if (isProblem(own)) return own;
  const status = clientStatus(error);
  if (status === undefined) return { status: 500 };
  if (!(error instanceof Error) || !mayTell(error)) return { status };
  const code = error instanceof UpshiftError ? { code: error.code } : {};
  return { status, detail: error.message, ...code, ...allowedFields(error) };
}

/** The list belongs to the answer: whoever asked for an unknown field wants to know the known ones. */
function allowedFields(error: Error): { readonly allowed?: unknown } {
  if (!hasErrorCode(error, "UPSHIFT_UNKNOWN_FIELD") || !(error instanceof UpshiftError)) return {};
  return { allowed: error.details["allowed"] };
}

function mayTell(error: Error): boolean {
  return error instanceof UpshiftError || Reflect.get(error, "expose") === true;
}

function clientStatus(error: object): number | undefined {
  const status: unknown = Reflect.get(error, "status") ?? Reflect.get(error, "statusCode");
  const isOfClient = typeof status === "number" && Number.isInteger(status);
  return isOfClient && status >= 400 && status <= 499 ? status : undefined;
}

function isProblem(value: unknown): value is ProblemDetails {
  if (typeof value !== "object" || value === null) return false;
  const status: unknown = Reflect.get(value, "status");
  return typeof status === "number" && Number.isInteger(status) && status >= 400 && status <= 599;
}
