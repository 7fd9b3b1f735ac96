import { assertFunctions, InvalidArgumentError, kindOf, refuseUnknown } from "@upshift/foundation";
import type { DefinitionOptions } from "./definition-options.ts";

const OPTIONS: ReadonlySet<keyof DefinitionOptions<unknown, unknown>> = new Set([
  "policy",
  "key",
  "load",
  "loadMany",
  "batch",
  "write",
  "tags",
  "version",
]);
const WRITES: ReadonlySet<unknown> = new Set(["through", "behind"]);

/** What compilers see, for programs without one. @throws {InvalidArgumentError} */
export function assertDefinition<Input, Value>(
  name: string,
  options: DefinitionOptions<Input, Value>,
): void {
  refuseUnknown(`define("${name}")`, options, OPTIONS);
  const { policy, key, load, loadMany, write, tags, version } = options;
  assertFunctions({ key, load, loadMany, tags, version });
  if (policy !== undefined && typeof policy !== "string" && kindOf(policy) !== "an object")
    throw new InvalidArgumentError("`policy` as the name of one, or as one itself", kindOf(policy));
  if (write !== undefined && !WRITES.has(Object(write).kind))
    throw new InvalidArgumentError(
      "`write` as `writeThrough(…)` or `writeBehind(…)` makes it",
      kindOf(write),
    );
}

/** Text would be taken for a list of its letters. @throws {InvalidArgumentError} */
export function assertTags(tags: readonly string[]): readonly string[] {
  if (!Array.isArray(tags)) throw new InvalidArgumentError("`tags` as a list", kindOf(tags));
  return tags;
}

/** A misspelt one would be the weaker promise. @throws {InvalidArgumentError} */
export function assertConsistency(consistency: unknown): void {
  if (consistency !== undefined && consistency !== "strict" && consistency !== "eventual")
    throw new InvalidArgumentError('`consistency` as "strict" or "eventual"', consistency);
}
