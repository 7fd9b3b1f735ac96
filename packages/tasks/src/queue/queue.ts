export type { QueueCallOptions } from "./bounded.ts";
export { defineJobs, type DefineJobsOptions, type Handlers, type Jobs } from "./define-jobs.ts";
export type { DeadLetter, DeadLetters } from "./dead-letters.ts";
export {
  job,
  type DataOf,
  type JobBackoff,
  type JobDefinition,
  type JobOptions,
  type KeepLimit,
  type ResultOf,
} from "./job.ts";
export type { JobContext } from "./job-context.ts";
export type { JobBackend } from "./job-backend.ts";
export type { JobEventMap, JobEvents } from "./job-events.ts";
export type { AddOptions } from "./job-options.ts";
export type { AddCallOptions, JobQueue } from "./job-queue.ts";
export type { Schedule, Schedules, ScheduleTimes } from "./schedules.ts";
export { type DrainOptions, OUTBOX_SQL } from "./outbox.ts";
export { postgresBackend, type PostgresBackendOptions } from "./postgres-backend.ts";
export {
  JobDataError,
  JobFailedError,
  JobLockLostError,
  JobNotAcknowledgedError,
  JobNotEndedError,
  JobTimeoutError,
  OutboxJobError,
  QueueBackedUpError,
  QueueClosedError,
  QueueTimeoutError,
  TransactionalAddError,
  WorkerClosingError,
} from "./queue-errors.ts";
export { redisBackend, type RedisBackendOptions } from "./redis-backend.ts";
export type { JobHandler, JobWorker, WorkOptions } from "./work.ts";
