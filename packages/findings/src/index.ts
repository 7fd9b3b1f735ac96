export { catalogue, rulePage, ruleOf, thresholdOf } from "./catalogue/catalogue.ts";
export type { Detector, Rule, RuleId } from "./catalogue/rule.ts";
export type {
  CountEvidence,
  Evidence,
  Frame,
  NoteEvidence,
  PlanNodeEvidence,
  SourceEvidence,
  SpanEvidence,
  SqlEvidence,
} from "./evidence.ts";
export type {
  Amount,
  Confidence,
  Finding,
  FindingPlace,
  Fix,
  IndexProbe,
  Severity,
  Verification,
} from "./finding.ts";
export { findingKey, type FindingKeyParts } from "./finding-key.ts";
export { isAtLeast, rankFindings } from "./ranking.ts";
