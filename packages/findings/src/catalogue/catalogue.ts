import { InvalidArgumentError } from "@upshift/foundation";
import { asyncRules } from "./async-rules.ts";
import { cacheRules } from "./cache-rules.ts";
import { httpRules } from "./http-rules.ts";
import { indexRules } from "./index-rules.ts";
import { planRules } from "./plan-rules.ts";
import { queryRules } from "./query-rules.ts";
import { redisRules } from "./redis-rules.ts";
import type { Rule, RuleId } from "./rule.ts";

/** Every slow form that Upshift knows, in the order of the guide. */
export const catalogue: readonly Rule[] = [
  ...indexRules,
  ...planRules,
  ...queryRules,
  ...cacheRules,
  ...redisRules,
  ...asyncRules,
  ...httpRules,
];

/**
 * The rule with this id.
 *
 * @throws {InvalidArgumentError} when there is none
 */
export function ruleOf(id: RuleId): Rule {
  const rule = catalogue.find((candidate) => candidate.id === id);
  if (rule === undefined) throw new InvalidArgumentError("the id of a rule", id);
  return rule;
}

/**
 * A default threshold of a rule.
 *
 * @throws {InvalidArgumentError} when the rule has none of this name
 */
export function thresholdOf(id: RuleId, name: string): number {
  const value = ruleOf(id).thresholds[name];
  if (value === undefined) throw new InvalidArgumentError(`a threshold of rule ${id}`, name);
  return value;
}

/** Where a rule's page is, from the root of the documentation: `rules/index-missing.md`. */
export function rulePage(id: RuleId): string {
  return `rules/${id.replace("/", "-")}.md`;
}
