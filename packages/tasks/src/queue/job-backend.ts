import type { Queryable } from "@upshift/postgres";
import type { Closable } from "./close-bounded.ts";
import type { Job, JobSchedulerJson, JobsOptions, WorkerOptions } from "bullmq";

/** What of BullMQ's queue is used; the same over Redis and PostgreSQL. */
export interface BullQueue extends Closable {
  readonly name: string;
  add(name: string, data: JobEnvelope, opts: JobsOptions): Promise<BullJob>;
  addBulk(jobs: NewJob[]): Promise<BullJob[]>;
  getJob(id: string): Promise<BullJob | undefined>;
  getFailed(start: number, end: number): Promise<BullJob[]>;
  getFailedCount(): Promise<number>;
  getJobCounts(): Promise<Record<string, number>>;
  upsertJobScheduler(
    id: string,
    repeat: { pattern?: string; tz?: string; every?: number },
    template: SchedulerTemplate,
  ): Promise<unknown>;
  removeJobScheduler(id: string): Promise<boolean>;
  getJobScheduler(id: string): Promise<JobSchedulerJson | undefined>;
  getJobSchedulers(start: number, end: number): Promise<JobSchedulerJson[]>;
  waitUntilReady(): Promise<unknown>;
}

/** What a schedule makes jobs of. */
export interface SchedulerTemplate {
  name: string;
  data: JobEnvelope;
  opts: Omit<JobsOptions, "jobId" | "repeat" | "delay">;
}

export interface BullWorker extends Closable {
  on(event: "error", listener: (error: Error) => void): unknown;
  /** What BullMQ renews locks with. @returns the ids of those that are lost */
  extendJobLocks(jobIds: string[], tokens: string[], duration: number): Promise<string[]>;
  waitUntilReady(): Promise<unknown>;
}

export interface BullEvents extends Closable {
  on(
    event: "completed",
    listener: (event: { jobId: string; returnvalue: unknown }) => void,
  ): unknown;
  on(event: "failed", listener: (event: { jobId: string; failedReason: string }) => void): unknown;
  on(event: "progress", listener: (event: { jobId: string; data: unknown }) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  off(event: string, listener: unknown): unknown;
  waitUntilReady(): Promise<unknown>;
}

/** Where jobs are kept. Made by {@link redisBackend} or {@link postgresBackend}. */
export interface JobBackend {
  readonly kind: "redis" | "postgres";
  queue(name: string): BullQueue;
  worker(
    name: string,
    processor: JobProcessor,
    options: Omit<WorkerOptions, "connection">,
  ): BullWorker;
  events(name: string): BullEvents;
  /** @returns their ids, or those of the jobs that they are duplicates of */
  add(queue: BullQueue, jobs: readonly NewJob[]): Promise<readonly string[]>;
  /** Puts jobs where they become visible when the caller's transaction commits, and never when it does not. */
  addInTransaction(
    tx: Queryable,
    queue: BullQueue,
    jobs: readonly NewJob[],
  ): Promise<readonly string[]>;
  /** Asks the server whether it keeps what it acknowledges; `[]` when nothing speaks against it. */
  check(queue: BullQueue): Promise<readonly string[]>;
}

export interface NewJob {
  readonly name: string;
  readonly data: JobEnvelope;
  readonly opts: JobsOptions & { readonly jobId: string };
  /** Whether the id is the caller's, and may be known already. */
  readonly hasOwnId: boolean;
}

/** What is stored: the caller's data, and whose work it goes on. */
export interface JobEnvelope {
  // JSON of what `add` was given: typed there, and by the handler of the same kind.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly data: any;
  /** W3C Trace Context, `traceparent`. */
  readonly traceparent?: string;
}

export type BullJob = Job<JobEnvelope>;

/** @param token - of the job's lock, which moves it */
type JobProcessor = (job: BullJob, token: string | undefined) => Promise<unknown>;
