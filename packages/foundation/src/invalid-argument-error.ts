import { kindOf } from "./kind-of.ts";
import { UpshiftError } from "./upshift-error.ts";

/** A caller passed something that cannot work; thrown before anything is done. */
export class InvalidArgumentError extends UpshiftError {
  readonly code = "UPSHIFT_INVALID_ARGUMENT" as const;

  /**
   * @param expectation - what was expected, with the argument's name: "`budgetBytes` > 0"
   * @param received - shown shortened; pass no row value and no secret
   */
  constructor(expectation: string, received: unknown) {
    super(`Expected ${expectation}, got ${show(received)}`, { details: { expectation } });
  }
}

const LONGEST_SHOWN = 80;

function show(value: unknown): string {
  if (isOpaque(value)) return kindOf(value);
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}

/** An object may hold anything, and a function says only how it was written. */
function isOpaque(value: unknown): boolean {
  if (value === null || value instanceof Date || Array.isArray(value)) return false;
  return typeof value === "object" || typeof value === "function";
}
