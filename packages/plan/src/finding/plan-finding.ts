import {
  type Amount,
  type Confidence,
  type Evidence,
  type Finding,
  findingKey,
  type Fix,
  type IndexProbe,
  ruleOf,
  type Severity,
} from "@upshift/findings";
import { redactLiterals } from "../expression/redact-literals.ts";
import type { PlanNode } from "../plan.ts";
import { nodeText, nodeTitle, tableBelow } from "./node-text.ts";
import type { PlanFindingRuleId, PlanRuleContext } from "../plan-rule.ts";

export interface PlanFindingFacts {
  readonly rule: PlanFindingRuleId;
  readonly node: PlanNode;
  readonly title: string;
  readonly confidence: Confidence;
  /** The rule's own when absent. */
  readonly severity?: Severity;
  /** Counts and notes; the node's own text is put before them. */
  readonly evidence: readonly Evidence[];
  readonly fix: Fix;
  readonly probe?: IndexProbe | undefined;
  /** The node's own time, or its own cost without times, when absent. */
  readonly cost?: Amount;
  /** 0..1 of the cost that the fix would save; `null` when the plan does not tell. */
  readonly savedRatio: number | null;
}

/** Builds a finding about one node: place, key, cost and saving are the same for every rule. */
export function planFinding(context: PlanRuleContext, facts: PlanFindingFacts): Finding {
  const { node, rule } = facts;
  const text = nodeText(node, false);
  const cost = facts.cost ?? ownCost(context, node);
  const table = tableBelow(node);
  const query = context.plan.query === null ? null : shorten(redactLiterals(context.plan.query));
  return {
    rule,
    // Without figures and values, so that the same plan tomorrow gives the same key.
    key: findingKey({
      rule,
      fingerprint: `${query ?? ""}\n${table ?? ""}\n${text}`,
    }),
    severity: facts.severity ?? ruleOf(rule).severity,
    confidence: facts.confidence,
    title: facts.title,
    where: { ...(table === null ? {} : { table }), ...(query === null ? {} : { query }) },
    evidence: [
      { kind: "plan-node", node: node.id, text: context.withValues ? nodeText(node, true) : text },
      ...facts.evidence,
    ],
    ...(facts.probe === undefined ? {} : { probe: facts.probe }),
    cost,
    saving: {
      ...scale(cost, facts.savedRatio),
      basis: cost.ms === undefined ? "planner" : "projected",
    },
    fix: facts.fix,
  };
}

/** The node's own milliseconds where they were measured, else its own cost units. */
function ownCost({ analysis }: PlanRuleContext, node: PlanNode): Amount {
  const { selfMs = null, selfCost = null } = analysis.nodes[node.id] ?? {};
  if (selfMs !== null) return { ms: selfMs };
  return selfCost === null ? {} : { planCost: selfCost };
}

/** The node's share of the query, by time where it was measured, else by cost; 1 when the plan has neither. */
export function ownRatio({ analysis }: PlanRuleContext, node: PlanNode): number {
  const { selfTimeRatio = null, selfCostRatio = null } = analysis.nodes[node.id] ?? {};
  return selfTimeRatio ?? selfCostRatio ?? 1;
}

/** `Seq Scan on orders`, for titles. */
export function titleOf(node: PlanNode): string {
  return nodeTitle(node);
}

function scale({ ms, planCost }: Amount, by: number | null): Amount {
  if (by === null) return {};
  return {
    ...(ms === undefined ? {} : { ms: ms * by }),
    ...(planCost === undefined ? {} : { planCost: planCost * by }),
  };
}

const LONGEST_QUERY = 2_000;

function shorten(query: string): string {
  const line = query.replaceAll(/\s+/g, " ").trim();
  return line.length > LONGEST_QUERY ? `${line.slice(0, LONGEST_QUERY)}…` : line;
}
