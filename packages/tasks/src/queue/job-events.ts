import { type Duration, toMs } from "@upshift/foundation";
import type { BullEvents, BullQueue } from "./job-backend.ts";
import { JobFailedError, JobNotEndedError } from "./queue-errors.ts";

/** What happens to the jobs of a kind, in whichever process. */
export interface JobEventMap<Result> {
  completed: { readonly id: string; readonly result: Result };
  /** An attempt failed; whether it was the last the dead letters know. */
  failed: { readonly id: string; readonly reason: string };
  progress: { readonly id: string; readonly progress: unknown };
}

export interface JobEvents<Result> {
  /**
   * Listens, on a connection of its own that is opened with the first listener.
   *
   * @returns stops it
   */
  on<Name extends keyof JobEventMap<Result>>(
    name: Name,
    listener: (event: JobEventMap<Result>[Name]) => void,
  ): Promise<() => void>;
  /**
   * Waits for a job to end.
   *
   * @throws {JobFailedError} when it has failed for good
   * @throws {JobNotEndedError} when it has not ended within `timeout`
   */
  wait(
    id: string,
    options?: { readonly timeout?: Duration; readonly signal?: AbortSignal },
  ): Promise<Result>;
}

const WAIT_TIMEOUT = "1m";

type Listeners<Result> = {
  readonly [Name in keyof JobEventMap<Result>]: (
    events: BullEvents,
    listener: (event: JobEventMap<Result>[Name]) => void,
  ) => () => void;
};

/** BullMQ's events in our words. */
function listeners<Result>(): Listeners<Result> {
  return {
    completed(events, listener) {
      // BullMQ has parsed it from what the worker returned.
      const hear = ({ jobId, returnvalue }: { jobId: string; returnvalue: unknown }): void =>
        listener({ id: jobId, result: JSON.parse(JSON.stringify(returnvalue ?? null)) });
      events.on("completed", hear);
      return () => void events.off("completed", hear);
    },
    failed(events, listener) {
      const hear = ({ jobId, failedReason }: { jobId: string; failedReason: string }): void =>
        listener({ id: jobId, reason: failedReason });
      events.on("failed", hear);
      return () => void events.off("failed", hear);
    },
    progress(events, listener) {
      const hear = ({ jobId, data }: { jobId: string; data: unknown }): void =>
        listener({ id: jobId, progress: data });
      events.on("progress", hear);
      return () => void events.off("progress", hear);
    },
  };
}

export function createJobEvents<Result>(
  open: () => BullEvents,
  queue: () => BullQueue,
): JobEvents<Result> & { close(): Promise<void> } {
  let opened: BullEvents | undefined;
  const ready = async (): Promise<BullEvents> => {
    opened ??= open();
    await opened.waitUntilReady();
    return opened;
  };
  /** How the job ended, if it has. */
  const ending = async (id: string): Promise<{ readonly result: Result } | undefined> => {
    const job = await queue().getJob(id);
    if (job === undefined) return undefined;
    const [isFailed, isCompleted] = await Promise.all([job.isFailed(), job.isCompleted()]);
    if (!isFailed && !isCompleted) return undefined;
    // What was read before it ended has no result.
    const ended = await queue().getJob(id);
    if (isFailed) throw new JobFailedError(queue().name, id, ended?.failedReason ?? "");
    return ended === undefined ? undefined : { result: ended.returnvalue };
  };
  return {
    async on(name, listener) {
      const events = await ready();
      return listeners<Result>()[name](events, listener);
    },
    async wait(id, { timeout = WAIT_TIMEOUT, signal } = {}) {
      signal?.throwIfAborted();
      const events = await ready();
      const timeoutMs = toMs(timeout, "timeout");
      return new Promise<Result>((resolve, reject) => {
        const look = (): void => {
          ending(id).then(
            (ended) => {
              if (ended !== undefined) settle(() => resolve(ended.result));
              return undefined;
            },
            (error: unknown) => settle(() => reject(error)),
          );
        };
        const heard = (event: { jobId: string }): void => {
          if (event.jobId === id) look();
        };
        const abort = (): void => settle(() => reject(signal?.reason));
        const timer = setTimeout(
          () => settle(() => reject(new JobNotEndedError(queue().name, id, timeoutMs))),
          timeoutMs,
        );
        const settle = (end: () => void): void => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", abort);
          events.off("completed", heard);
          events.off("failed", heard);
          end();
        };
        signal?.addEventListener("abort", abort, { once: true });
        events.on("completed", heard);
        events.on("failed", heard);
        // It may have ended before anybody listened.
        look();
      });
    },
    close: async () => opened?.close(),
  };
}
