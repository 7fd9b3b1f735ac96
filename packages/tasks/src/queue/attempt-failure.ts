import { isRefusedByPostgres } from "./job-data.ts";

/** Of a message and of a stack; an error that quotes what it was given may be of any size, and is kept with each attempt. */
const LONGEST_TEXT = 10_000;

/**
 * What a handler threw as an error that can be kept: BullMQ reads `message` and `stack`, and a job whose failure cannot be written would not fail but run again and again.
 *
 * @returns the same where nothing is wrong with it
 */
export function toFailure(thrown: unknown): Error {
  if (!(thrown instanceof Error)) return new Error(fit(describe(thrown)), { cause: thrown });
  const { message, stack = "" } = thrown;
  if (isFit(message) && isFit(stack)) return thrown;
  const failure = new Error(fit(message), { cause: thrown });
  failure.name = thrown.name;
  failure.stack = fit(stack);
  return failure;
}

function describe(thrown: unknown): string {
  if (typeof thrown === "string") return thrown;
  // Of another realm, or of a library that has its own.
  if (typeof thrown === "object" && thrown !== null && "message" in thrown)
    return String(thrown.message);
  return `The handler threw ${thrown === null ? "null" : typeof thrown}, not an error`;
}

function isFit(text: unknown): boolean {
  return typeof text === "string" && text.length <= LONGEST_TEXT && !isRefusedByPostgres(text);
}

function fit(text: unknown): string {
  const whole = String(text);
  const short = whole.length > LONGEST_TEXT ? `${whole.slice(0, LONGEST_TEXT)}…` : whole;
  return short.replaceAll(/[\0\u{d800}-\u{dfff}]/gu, "\u{fffd}");
}
