export { parsePlan } from "./parse-plan.ts";
export { PlanParseError, type UnreadableKind } from "./plan-errors.ts";
export type {
  Buffers,
  ParentRelationship,
  Plan,
  PlanNode,
  TriggerTiming,
  WorkerTiming,
} from "./plan.ts";
