export type { AdvisedIndex, AdvisedQuery, Advice, SearchFacts } from "./advice.ts";
export { advise, type AdviseOptions } from "./advise.ts";
export { diagnose, type DiagnoseOptions } from "./diagnose.ts";
export type { Diagnosis } from "./diagnosis.ts";
export type {
  IndexDefinition,
  IndexId,
  IndexKey,
  PlannableStatement,
  PlannedStatement,
  Planner,
  PlannerIndex,
} from "./planner/planner.ts";
export { StatementNotPlannableError } from "./planner/planner-errors.ts";
export type {
  Column,
  ColumnStatistics,
  Constraint,
  DatabaseFacts,
  DatabaseSnapshot,
  ExistingIndexKey,
  ExtendedStatistics,
  HiddenFact,
  Index,
  Relation,
  RoleSetting,
  ServerFacts,
  Setting,
  SkippedStatement,
  TableActivity,
  UserCollation,
  UserFunction,
  UserType,
  ViewDefinition,
  Visibility,
  Workload,
  WorkloadQuery,
} from "./snapshot/database-snapshot.ts";
export type { OnProgress, Progress } from "./progress.ts";
export type { Queryable } from "./session/queryable.ts";
export {
  openReadOnlySession,
  type Read,
  type ReadOnlySession,
  type ReadOnlySessionOptions,
  type SectionOutcome,
} from "./session/read-only-session.ts";
export type { SectionFailure } from "./session/section-failure.ts";
export {
  ConnectionLostError,
  ServerTooOldError,
  SnapshotFailedError,
  SnapshotUnreadableError,
} from "./snapshot/snapshot-errors.ts";
export { parseSnapshot, snapshotToJson } from "./snapshot/snapshot-json.ts";
export { type SnapshotStatement, snapshotStatements } from "./snapshot/snapshot-statements.ts";
export { redactSnapshot, type RedactSnapshotOptions } from "./snapshot/redact/redact-snapshot.ts";
export { takeSnapshot, type TakeSnapshotOptions } from "./snapshot/take-snapshot.ts";
export { type ParsedWorkload, parseWorkload } from "./snapshot/workload-file.ts";
export type { Limitation } from "./twin/limitation.ts";
export { openTwin, type OpenTwinOptions } from "./twin/open-twin.ts";
export type { Twin } from "./twin/twin.ts";
