import type { TimerClock } from "@upshift/foundation";
import { JobLockLostError, JobTimeoutError, WorkerClosingError } from "./queue-errors.ts";

/** A job that a handler is at work on. */
interface HeldJob {
  /** Made when it is first asked for: it costs Node more than all else that is done for a job here. */
  readonly signal: AbortSignal;
  /** Why the signal is, or would be, aborted. */
  readonly reason: unknown;
  /** Ends its watch. */
  release(): void;
}

/** The jobs that one worker holds: when each was last confirmed to be its own, and the signals of their handlers. */
export interface HeldJobs {
  readonly count: number;
  /** @param heldSinceMs - when its lock was set */
  hold(id: string, heldSinceMs: number, timeoutMs: number | undefined): HeldJob;
  renewed(ids: readonly string[]): void;
  /** The backend says that the locks are not ours any more. */
  lost(ids: readonly string[]): void;
  /** Tells all handlers that the worker is closing. */
  closing(): void;
}

/** A lock is looked at so often in its time. */
const LOOKS_PER_LOCK = 8;

/**
 * A lock is lost when the backend says so; and, when it says nothing because it does not answer, as soon as it can have ended: then another worker may have the job already.
 */
export function createHeldJobs(queue: string, lockMs: number, clock: TimerClock): HeldJobs {
  interface Held {
    controller: AbortController | undefined;
    reason: unknown;
    confirmedAtMs: number;
  }
  const held = new Map<string, Held>();
  const abort = (job: Held, reason: Error): void => {
    job.reason ??= reason;
    job.controller?.abort(job.reason);
  };
  let cancelLook: (() => void) | undefined;

  const lose = (id: string): void => {
    const job = held.get(id);
    if (job !== undefined) abort(job, new JobLockLostError(queue, id));
  };
  const look = (): void => {
    cancelLook = undefined;
    const nowMs = clock.now();
    for (const [id, { confirmedAtMs }] of held) if (nowMs - confirmedAtMs >= lockMs) lose(id);
    watch();
  };
  const watch = (): void => {
    if (held.size === 0 || cancelLook !== undefined) return;
    cancelLook = clock.after(lockMs / LOOKS_PER_LOCK, look, { isBackground: true });
  };
  return {
    get count() {
      return held.size;
    },
    hold(id, heldSinceMs, timeoutMs) {
      const job: Held = { controller: undefined, reason: undefined, confirmedAtMs: heldSinceMs };
      held.set(id, job);
      watch();
      const cancelTimeout =
        timeoutMs === undefined
          ? undefined
          : clock.after(timeoutMs, () => abort(job, new JobTimeoutError(queue, timeoutMs)));
      return {
        get signal() {
          job.controller ??= new AbortController();
          if (job.reason !== undefined) job.controller.abort(job.reason);
          return job.controller.signal;
        },
        get reason() {
          return job.reason;
        },
        release() {
          cancelTimeout?.();
          if (held.get(id) === job) held.delete(id);
          if (held.size > 0) return;
          cancelLook?.();
          cancelLook = undefined;
        },
      };
    },
    renewed(ids) {
      for (const id of ids) {
        const job = held.get(id);
        if (job !== undefined) job.confirmedAtMs = clock.now();
      }
    },
    lost(ids) {
      for (const id of ids) lose(id);
    },
    closing() {
      for (const job of held.values()) abort(job, new WorkerClosingError(queue));
    },
  };
}
