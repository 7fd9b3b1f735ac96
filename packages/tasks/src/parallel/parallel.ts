import {
  assertTimerClock,
  type Duration,
  LimitedRun,
  type LimitedRunHandlers,
  refuseUnknown,
  systemClock,
  type TaskContext,
  type TimerClock,
  toMs,
} from "@upshift/foundation";
import { DeadlineError } from "./deadline-error.ts";
import { byName, type NamedTasks, readTasks, unfinished } from "./named-tasks.ts";
import type { Task, Tasks, TaskValue } from "./task.ts";

export interface ParallelOptions {
  /** Tasks at work at a time: an integer of at least 1; default: all. */
  readonly concurrency?: number | undefined;
  /** From the call on. Then it ends with a {@link DeadlineError}, whether the tasks listen to their signal or not. */
  readonly deadline?: Duration | undefined;
  /** Ends the call with `signal.reason`, at any point. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Whether a call that ends early first waits for the tasks at work, whose signal has aborted: for tasks on something that is released next, such as a
   * transaction. A task that ignores its signal then delays the deadline too. Default `false`.
   */
  readonly waitsForRunning?: boolean | undefined;
  /** Measures the deadline. */
  readonly clock?: TimerClock | undefined;
}

/** The tasks' values, under the names or at the positions of their tasks. */
export type ParallelResult<Given> = { readonly [Key in keyof Given]: TaskValue<Given[Key]> };

/**
 * Runs different pieces of work side by side and gives their results by name.
 *
 * The first that fails ends the call with its error, the same object, and aborts the signal of its siblings with it; what they do or throw after that is
 * ignored. Tasks start before this returns, in order, as many as `concurrency` allows, in the caller's AsyncLocalStorage.
 *
 * @param tasks - functions that start the work, by name or in a list; `undefined` ones are left out
 * @throws {InvalidArgumentError} for a task that is no function, before any starts
 * @throws {DeadlineError} naming the tasks that were not done
 * @throws what a task throws first; `signal.reason` when aborted
 */
export function parallel<Given extends Tasks>(
  tasks: Given,
  options?: ParallelOptions,
): Promise<ParallelResult<Given>>;
export function parallel(tasks: Tasks, options: ParallelOptions = {}): Promise<unknown> {
  return new Promise((resolve, reject) => {
    assertParallelOptions("parallel", options, OPTIONS);
    new ParallelCall(readTasks(tasks), { resolve, reject }).start(options);
  });
}

/** Those of {@link ParallelOptions}. */
export const PARALLEL_OPTIONS: readonly (keyof ParallelOptions)[] = [
  "concurrency",
  "deadline",
  "signal",
  "waitsForRunning",
  "clock",
];
const OPTIONS = new Set<string>(PARALLEL_OPTIONS);

/** @throws {InvalidArgumentError} */
export function assertParallelOptions(
  of: string,
  options: ParallelOptions,
  names: ReadonlySet<string>,
): void {
  refuseUnknown(of, options, names);
  if (options.clock !== undefined) assertTimerClock(options.clock);
}

interface Settlers {
  readonly resolve: (result: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/** Stands for a value that is not there yet. */
const NOT_DONE = Symbol("not done");

class ParallelCall implements LimitedRunHandlers<Task, unknown> {
  readonly #named: NamedTasks;
  readonly #settlers: Settlers;
  readonly #values: unknown[];
  #run: LimitedRun<Task, unknown> | undefined;
  #cancelDeadline: (() => void) | undefined;

  constructor(named: NamedTasks, settlers: Settlers) {
    this.#named = named;
    this.#settlers = settlers;
    this.#values = named.tasks.map(() => NOT_DONE);
  }

  start(options: ParallelOptions): void {
    const { concurrency = Number.POSITIVE_INFINITY, deadline, signal, waitsForRunning } = options;
    const deadlineMs = deadline === undefined ? undefined : toMs(deadline, "deadline");
    const run = new LimitedRun<Task, unknown>({ concurrency, signal, waitsForRunning }, this);
    this.#run = run;
    if (deadlineMs !== undefined) {
      const { clock = systemClock } = options;
      this.#cancelDeadline = clock.after(deadlineMs, () => {
        const isDone = (position: number): boolean => this.#values[position] !== NOT_DONE;
        run.stop(new DeadlineError(deadlineMs, unfinished(this.#named, run.startedCount, isDone)));
      });
    }
    run.start(this.#named.tasks);
  }

  run(task: Task, _position: number, context: TaskContext): unknown {
    return task(context);
  }

  onValue(value: unknown, position: number): void {
    this.#values[position] = value;
  }

  onError(error: unknown): void {
    this.#run?.stop(error);
  }

  onEnd(): void {
    this.#cancelDeadline?.();
    this.#settlers.resolve(byName(this.#named, this.#values));
  }

  onStop(reason: unknown): void {
    this.#cancelDeadline?.();
    this.#settlers.reject(reason);
  }

  hasRoom(): boolean {
    return true;
  }
}
