import type { TimerClock } from "@upshift/foundation";
import { JobLockLostError, JobTimeoutError, WorkerClosingError } from "./queue-errors.ts";

/** A job that a handler is at work on. */
export class HeldJob {
  readonly id: string;
  /** When it was last known to be held. */
  confirmedAtMs: number;
  /** Ends its timeout. */
  cancelTimeout: (() => void) | undefined;
  #controller: AbortController | undefined;
  #reason: unknown;

  constructor(id: string, heldSinceMs: number) {
    this.id = id;
    this.confirmedAtMs = heldSinceMs;
  }

  /** Made when it is first asked for: it costs Node more than all else that is done for a job here. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  /** Why the signal is, or would be, aborted. */
  get reason(): unknown {
    return this.#reason;
  }

  /** The first reason stays. */
  abort(reason: Error): void {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
  }
}

/** The jobs that one worker holds: when each was last confirmed to be its own, and the signals of their handlers. */
export interface HeldJobs {
  readonly count: number;
  /** @param heldSinceMs - when its lock was set */
  hold(id: string, heldSinceMs: number): HeldJob;
  /** Ends its watch. */
  release(job: HeldJob): void;
  /** @param askedAtMs - when the backend was asked: the locks are as old as that, however late it answered */
  renewed(ids: readonly string[], askedAtMs: number): void;
  /** The backend says that the locks are not ours any more. */
  lost(ids: readonly string[]): void;
  /** Tells all handlers that the worker is closing. */
  closing(): void;
}

export interface HeldJobsOptions {
  readonly queue: string;
  readonly lockMs: number;
  /** How long a job may run. */
  readonly timeoutMs: number | undefined;
  readonly clock: TimerClock;
}

/** A lock is looked at so often in its time, and at its end. */
const LOOKS_PER_LOCK = 8;

/**
 * A lock is lost when the backend says so; and, when it says nothing because it does not answer, as soon as it can have ended: then another worker may have the job already.
 */
export function createHeldJobs(options: HeldJobsOptions): HeldJobs {
  const { queue, lockMs, timeoutMs, clock } = options;
  const held = new Map<string, HeldJob>();
  // Goes on while there are jobs, and one look more: started and stopped for each job it would cost more than the job.
  let isWatching = false;
  const look = (): void => {
    const nowMs = clock.now();
    let pauseMs = lockMs / LOOKS_PER_LOCK;
    for (const job of held.values()) {
      const leftMs = job.confirmedAtMs + lockMs - nowMs;
      if (leftMs <= 0) job.abort(new JobLockLostError(queue, job.id));
      else pauseMs = Math.min(pauseMs, leftMs);
    }
    isWatching = held.size > 0;
    if (isWatching) watch(pauseMs);
  };
  const watch = (pauseMs: number): void => {
    isWatching = true;
    clock.after(pauseMs, look, { isBackground: true });
  };
  return {
    get count() {
      return held.size;
    },
    hold(id, heldSinceMs) {
      const job = new HeldJob(id, heldSinceMs);
      // It came back to the same worker: an earlier run of it that goes on has lost its lock, and nobody else would tell it.
      held.get(id)?.abort(new JobLockLostError(queue, id));
      held.set(id, job);
      if (!isWatching) watch(lockMs / LOOKS_PER_LOCK);
      if (timeoutMs !== undefined)
        job.cancelTimeout = clock.after(timeoutMs, () =>
          job.abort(new JobTimeoutError(queue, timeoutMs)),
        );
      return job;
    },
    release(job) {
      job.cancelTimeout?.();
      if (held.get(job.id) === job) held.delete(job.id);
    },
    renewed(ids, askedAtMs) {
      for (const id of ids) {
        const job = held.get(id);
        if (job !== undefined) job.confirmedAtMs = Math.max(job.confirmedAtMs, askedAtMs);
      }
    },
    lost(ids) {
      for (const id of ids) held.get(id)?.abort(new JobLockLostError(queue, id));
    },
    closing() {
      for (const job of held.values()) job.abort(new WorkerClosingError(queue));
    },
  };
}
