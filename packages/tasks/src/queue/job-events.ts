import { type Duration, toMs } from "@upshift/foundation";
import type { Backlog } from "./backlog.ts";
import { bounded, type QueueCall, type QueueCallOptions, timerOf } from "./bounded.ts";
import { closeBounded } from "./close-bounded.ts";
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
    options?: QueueCallOptions,
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

/** As Node does for an event target: what a listener throws is the program's, and must not end the reading of events. */
function hearing<Event>(listener: (event: Event) => void): (event: Event) => void {
  return (event) => {
    try {
      listener(event);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  };
}

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

/** Events can be lost between two reads of BullMQ, so a wait looks by itself too, ever more rarely. */
const FIRST_LOOK_MS = 250;
const LAST_LOOK_MS = 5_000;

export function createJobEvents<Result>(source: {
  readonly name: string;
  readonly open: () => BullEvents;
  readonly queue: () => BullQueue;
  readonly call: QueueCall;
  readonly backlog: Backlog;
}): JobEvents<Result> & { close(timeoutMs: number): Promise<void> } {
  const { name: queueName, open, queue, call, backlog } = source;
  let opened: BullEvents | undefined;
  let readiness: Promise<BullEvents> | undefined;
  /** One for all that wait: BullMQ listens anew for each. */
  const ready = async (): Promise<BullEvents> => {
    const events = (opened ??= open());
    readiness ??= events.waitUntilReady().then(
      () => events,
      (error) => {
        readiness = undefined;
        throw error;
      },
    );
    return readiness;
  };
  /** How the job ended, if it has. */
  const ending = async (id: string): Promise<{ readonly result: Result } | undefined> => {
    const job = await queue().getJob(id);
    if (job === undefined) return undefined;
    const [isFailed, isCompleted] = await Promise.all([job.isFailed(), job.isCompleted()]);
    if (!isFailed && !isCompleted) return undefined;
    // What was read before it ended has no result.
    const ended = await queue().getJob(id);
    if (isFailed) throw new JobFailedError(queueName, id, ended?.failedReason ?? "");
    return ended === undefined ? undefined : { result: ended.returnvalue };
  };
  /** Until the signal ends it; what happened comes from the server, or from an event whose job is not kept. */
  const ended = (id: string, signal: AbortSignal): Promise<Result> =>
    new Promise((resolve, reject) => {
      let pauseMs = FIRST_LOOK_MS;
      let timer: NodeJS.Timeout | undefined;
      let looking: Promise<void> | undefined;
      const leave = (): void => {
        clearTimeout(timer);
        if (looking !== undefined) backlog.add(looking);
        opened?.off("completed", completed);
        opened?.off("failed", failed);
      };
      const look = async (otherwise: () => void = () => {}): Promise<void> => {
        try {
          const found = await ending(id);
          if (found === undefined) otherwise();
          else resolve(found.result);
        } catch (error) {
          reject(error);
        }
      };
      const completed = (event: { jobId: string; returnvalue: unknown }): void => {
        if (event.jobId !== id) return;
        void look(() => resolve(JSON.parse(JSON.stringify(event.returnvalue ?? null))));
      };
      const failed = (event: { jobId: string; failedReason: string }): void => {
        if (event.jobId !== id) return;
        // An event of an attempt before this one, when the job is there and at work again.
        void look(() => {
          queue()
            .getJob(id)
            .then((found) => {
              if (found === undefined)
                reject(new JobFailedError(queueName, id, event.failedReason));
              return undefined;
            }, reject);
        });
      };
      const lookAgain = async (): Promise<void> => {
        // One at a time: those that a backend does not answer would pile up.
        looking = look();
        await looking;
        looking = undefined;
        if (signal.aborted) return;
        timer = setTimeout(() => void lookAgain(), pauseMs);
        pauseMs = Math.min(2 * pauseMs, LAST_LOOK_MS);
      };
      signal.addEventListener("abort", leave, { once: true });
      ready().then((events) => {
        if (signal.aborted) return undefined;
        events.on("completed", completed);
        events.on("failed", failed);
        // It may have ended before anybody listened.
        void lookAgain();
        return undefined;
      }, reject);
    });
  return {
    async on(name, listener, options) {
      const events = await call("on", ready, options);
      return listeners<Result>()[name](events, hearing(listener));
    },
    async wait(id, { timeout = WAIT_TIMEOUT, signal } = {}) {
      signal?.throwIfAborted();
      const timeoutMs = toMs(timeout, "timeout");
      backlog.assertRoom();
      const over = new AbortController();
      try {
        return await bounded(ended(id, over.signal), {
          timer: timerOf(timeoutMs),
          signal,
          failure: () => new JobNotEndedError(queueName, id, timeoutMs),
        });
      } finally {
        over.abort();
      }
    },
    close: async (timeoutMs) =>
      opened === undefined ? undefined : closeBounded(opened, timeoutMs),
  };
}
