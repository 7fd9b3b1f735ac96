import { InvalidArgumentError } from "./invalid-argument-error.ts";
import { kindOf } from "./kind-of.ts";

/** @throws {InvalidArgumentError} for what cannot be called */
export function assertFunction(name: string, value: unknown): void {
  if (typeof value !== "function")
    throw new InvalidArgumentError(`\`${name}\` as a function`, kindOf(value));
}

/**
 * What is called only later is looked at when it is given.
 *
 * @param options - by name; `undefined` ones are not there
 * @throws {InvalidArgumentError} for one that is no function
 */
export function assertFunctions(options: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(options)) {
    const value = options[name];
    if (value !== undefined) assertFunction(name, value);
  }
}
