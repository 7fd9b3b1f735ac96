export { analyzePlan } from "./analyze-plan.ts";
export type { NodeAnalysis, PlanAnalysis } from "./analyze/plan-analysis.ts";
export { type DiagnosePlanOptions, diagnosePlan } from "./diagnose-plan.ts";
export { type ExplainedNode, type ExplainedPlan, explainJson } from "./explain/explain-json.ts";
export { plainStyle, type PlanTreeStyle } from "./explain/plan-tree-style.ts";
export { type PlanTreeOptions, renderPlanTree } from "./explain/render-plan-tree.ts";
export { redactLiterals } from "./expression/redact-literals.ts";
export { parsePlan } from "./parse-plan.ts";
export { PlanParseError, type UnreadableKind } from "./plan-errors.ts";
export type { TableRows } from "./plan-rule.ts";
export type {
  Buffers,
  ParentRelationship,
  Plan,
  PlanNode,
  TriggerTiming,
  WorkerTiming,
} from "./plan.ts";
