import { type Duration, InvalidArgumentError, kindOf, toMs } from "@upshift/foundation";
import type { Definition } from "../definition/definition-options.ts";
import type { News } from "../journal/news.ts";
import { definitionTag, EVERYTHING, expiryTag, userTag } from "./tag-times.ts";

/** What an invalidation is about; made by {@link tag}, {@link key}, {@link pattern}, {@link all}. */
export interface Target {
  readonly news: News;
}

/** @throws {InvalidArgumentError} for what none of them has made */
export function assertTargets(targets: readonly Target[]): readonly Target[] {
  for (const target of targets)
    if (!Array.isArray(Object(target).news))
      throw new InvalidArgumentError(
        "targets as `tag(…)`, `key(…)`, `pattern(…)` and `all(…)` make them",
        kindOf(target),
      );
  return targets;
}

/** Everything that carries the tag. Costs the same for one value and for a million. */
export function tag(name: string): Target {
  if (typeof name !== "string" || name === "")
    throw new InvalidArgumentError("a tag as text that is not empty", name);
  return { news: ["tag", userTag(name)] };
}

/**
 * One value.
 *
 * @param options - `hold`: for so long nothing is stored for it, for loaders that read from a replica that lags
 */
export function key<Input, Value>(
  definition: Definition<Input, Value>,
  input: Input,
  options: { readonly hold?: Duration } = {},
): Target {
  if (typeof Object(definition).keyOf !== "function")
    throw new InvalidArgumentError(
      "`definition` as `cache.define(…)` makes it",
      kindOf(definition),
    );
  const holdMs = options.hold === undefined ? 0 : toMs(options.hold, "hold");
  return { news: ["key", definition.name, definition.keyOf(input), holdMs] };
}

/**
 * Every value whose `definition:key` matches: `*`, `?`, `[abc]`, `\` before a character that is meant. Looks at every key of Redis, on every master: a tag
 * does the same in one step.
 */
export function pattern(glob: string): Target {
  if (typeof glob !== "string" || glob === "")
    throw new InvalidArgumentError("a pattern as text that is not empty", glob);
  return { news: ["pattern", glob] };
}

/** Every value of a definition, or of the cache. Costs the same for any number. */
export function all(definition?: { readonly name: string }): Target {
  if (definition !== undefined && typeof Object(definition).name !== "string")
    throw new InvalidArgumentError("a definition, or none for all of them", kindOf(definition));
  return { news: ["tag", definition === undefined ? EVERYTHING : definitionTag(definition.name)] };
}

/** The same target, when what it names is to be kept for when a load fails. @throws {InvalidArgumentError} for a pattern */
export function asExpiry({ news }: Target): News {
  if (news[0] === "tag") return ["tag", expiryTag(news[1])];
  if (news[0] === "key") return ["expire", news[1], news[2]];
  throw new InvalidArgumentError(
    "tags, keys or `all` to expire: patterns can only be invalidated",
    news[0],
  );
}
