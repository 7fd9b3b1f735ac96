/** Name of the tracing channel (`node:diagnostics_channel`) on which jobs are published when they are added and when they run. */
export const JOB_CHANNEL = "upshift:job";

export interface JobMessage {
  readonly operation: "add" | "run";
  /** The kind of job, which is also its queue. */
  readonly queue: string;
  readonly jobIds: readonly string[];
  /** 1 for the first; of a run only. */
  readonly attempt?: number;
  /** W3C Trace Context of who added it. */
  readonly traceparent?: string;
}
