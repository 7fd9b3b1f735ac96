import type { QueueCall } from "./bounded.ts";
import type { HeldJob } from "./held-jobs.ts";
import type { BullJob } from "./job-backend.ts";

/** What a handler is told beside its data. Hand it on as it is: a copy made with `...` has no `signal`, which is made when it is read. */
export interface JobContext {
  readonly id: string;
  /** 1 for the first. */
  readonly attempt: number;
  /**
   * Aborts when the job's lock is lost, its timeout is over, or the worker has no more time to close. Then stop: another worker may run the job, and what is
   * returned is not taken.
   */
  readonly signal: AbortSignal;
  /** Of who added the job, W3C Trace Context. */
  readonly traceparent: string | undefined;
  /** Tells how far it is; any JSON. @throws {QueueTimeoutError} when the backend does not answer within 30 s */
  readonly progress: (progress: number | object) => Promise<void>;
}

/** A class, as a getter in an object literal costs more than all else that is done for a job here. */
export class Attempt implements JobContext {
  readonly id: string;
  readonly attempt: number;
  readonly traceparent: string | undefined;
  readonly progress: (progress: number | object) => Promise<void>;
  readonly #held: HeldJob;

  constructor(job: BullJob, held: HeldJob, call: QueueCall) {
    this.id = held.id;
    this.attempt = job.attemptsMade + 1;
    this.traceparent = job.data.traceparent;
    this.progress = (progress) => call("progress", () => job.updateProgress(progress));
    this.#held = held;
  }

  get signal(): AbortSignal {
    return this.#held.signal;
  }
}
