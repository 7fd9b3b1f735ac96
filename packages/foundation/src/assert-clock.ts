import { InvalidArgumentError } from "./invalid-argument-error.ts";
import { kindOf } from "./kind-of.ts";

/** @throws {InvalidArgumentError} for what tells no time */
export function assertClock(clock: unknown): void {
  if (!has(clock, "now"))
    throw new InvalidArgumentError("`clock` with `now()` in ms, or none", kindOf(clock));
}

/** @throws {InvalidArgumentError} for what tells no time, or does not call back */
export function assertTimerClock(clock: unknown): void {
  if (!has(clock, "now") || !has(clock, "after"))
    throw new InvalidArgumentError(
      "`clock` with `now()` in ms and `after(delayMs, run)`, or none",
      kindOf(clock),
    );
}

function has(clock: unknown, method: "now" | "after"): boolean {
  return (
    typeof clock === "object" && clock !== null && typeof Reflect.get(clock, method) === "function"
  );
}
