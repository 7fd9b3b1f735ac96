import { InvalidArgumentError } from "@upshift/foundation";
import type { NamedTasks } from "./named-tasks.ts";
import type { SettledOutcome } from "./settle-types.ts";

/** What stands in for tasks that fail, by their names. */
export class FallbackTable {
  readonly #byName: ReadonlyMap<string, unknown>;

  /** @throws {InvalidArgumentError} for a name that no task has, and for a promise: it may reject, and later than the deadline */
  constructor(given: Readonly<Record<string, unknown>>, { hasEntry }: NamedTasks) {
    if (typeof given !== "object" || given === null || Array.isArray(given))
      throw new InvalidArgumentError("`fallback` as a record by the tasks' names", typeof given);
    const entries = Object.entries(given);
    for (const [name, fallback] of entries) {
      if (!hasEntry(name))
        throw new InvalidArgumentError("`fallback` with names of tasks only", name);
      if (fallback instanceof Promise) {
        // The caller is told what is wrong; that it also rejects shall not end the process.
        fallback.catch(() => undefined);
        throw new InvalidArgumentError(
          `\`fallback\` of \`${name}\` as a value or a function of the error`,
          "a promise",
        );
      }
    }
    this.#byName = new Map(entries);
  }

  /** @returns what became of the task in the end */
  outcomeOf(name: string, error: unknown): SettledOutcome<unknown> {
    if (!this.#byName.has(name)) return { ok: false, error };
    const fallback: unknown = this.#byName.get(name);
    try {
      const value: unknown = isFunction(fallback) ? fallback(error) : fallback;
      if (!(value instanceof Promise)) return { ok: true, value, replacedError: error };
      value.catch(() => undefined);
      throw new InvalidArgumentError(`\`fallback\` of \`${name}\` to give a value`, "a promise");
    } catch (thrown) {
      return { ok: false, error: thrown };
    }
  }
}

function isFunction(fallback: unknown): fallback is (error: unknown) => unknown {
  return typeof fallback === "function";
}
