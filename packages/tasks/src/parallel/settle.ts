import {
  InvalidArgumentError,
  LimitedRun,
  type LimitedRunHandlers,
  systemClock,
  type TaskContext,
  toMs,
} from "@upshift/foundation";
import { DeadlineError } from "./deadline-error.ts";
import { FallbackTable } from "./fallback-table.ts";
import { byName, type NamedTasks, onlyThose, readTasks, unfinished } from "./named-tasks.ts";
import { assertParallelOptions, PARALLEL_OPTIONS, type ParallelOptions } from "./parallel.ts";
import { QuorumError } from "./quorum-error.ts";
import type { Fallbacks, SettledOutcome, SettleResult } from "./settle-types.ts";
import type { Task, Tasks } from "./task.ts";

export interface SettleOptions<Given, GivenFallbacks> extends ParallelOptions {
  /**
   * Tasks at least that have to succeed themselves, without their fallback: an integer from 0 (default) to their number. The call ends with a
   * {@link QuorumError} as soon as too many have failed.
   */
  readonly quorum?: number | undefined;
  /**
   * What stands in for a task that fails: by its name or position a value, or a function that makes one of the error. It is called at once and gives no
   * promise; let the task itself try something else where that takes time.
   */
  readonly fallback?: Fallbacks<Given, GivenFallbacks>;
}

/**
 * Runs different pieces of work side by side and says of each what became of it.
 *
 * A failed task does not touch its siblings. At the deadline those that are not done count as failed with a {@link DeadlineError}, their signal aborts, and the
 * call gives what is there: a page with two of its three boxes.
 *
 * @param tasks - functions that start the work, by name or in a list; `undefined` ones are left out
 * @throws {InvalidArgumentError} for what cannot work, before any task starts
 * @throws {QuorumError} when too many failed, with what they threw
 * @throws `signal.reason` when aborted
 */
export function settle<Given extends Tasks, GivenFallbacks = unknown>(
  tasks: Given,
  options?: SettleOptions<Given, GivenFallbacks>,
): Promise<SettleResult<Given, GivenFallbacks>>;
export function settle(
  tasks: Tasks,
  options: SettleOptions<Tasks, unknown> = {},
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    assertParallelOptions("settle", options, OPTIONS);
    new SettleCall(readTasks(tasks), options, { resolve, reject }).start();
  });
}

const OPTIONS = new Set<string>([...PARALLEL_OPTIONS, "quorum", "fallback"]);

interface Settlers {
  readonly resolve: (result: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

class SettleCall implements LimitedRunHandlers<Task, unknown> {
  readonly #named: NamedTasks;
  readonly #options: SettleOptions<Tasks, unknown>;
  readonly #settlers: Settlers;
  readonly #fallbacks: FallbackTable;
  readonly #quorum: number;
  readonly #outcomes: (SettledOutcome<unknown> | undefined)[];
  /** Also by tasks that a fallback stands in for. */
  readonly #thrown: [name: string, error: unknown][] = [];
  #deadlineError: DeadlineError | undefined;
  #run: LimitedRun<Task, unknown> | undefined;
  #cancelDeadline: (() => void) | undefined;

  constructor(named: NamedTasks, options: SettleOptions<Tasks, unknown>, settlers: Settlers) {
    this.#named = named;
    this.#options = options;
    this.#settlers = settlers;
    this.#fallbacks = new FallbackTable(options.fallback ?? {}, named);
    this.#quorum = readQuorum(options.quorum ?? 0, named.tasks.length);
    this.#outcomes = named.tasks.map(() => undefined);
  }

  start(): void {
    const { concurrency = Number.POSITIVE_INFINITY, deadline, signal } = this.#options;
    const { waitsForRunning, clock = systemClock } = this.#options;
    const deadlineMs = deadline === undefined ? undefined : toMs(deadline, "deadline");
    const run = new LimitedRun<Task, unknown>({ concurrency, signal, waitsForRunning }, this);
    this.#run = run;
    if (deadlineMs !== undefined)
      this.#cancelDeadline = clock.after(deadlineMs, () => this.#endAtDeadline(run, deadlineMs));
    run.start(this.#named.tasks);
  }

  run(task: Task, _position: number, context: TaskContext): unknown {
    return task(context);
  }

  onValue(value: unknown, position: number): void {
    this.#outcomes[position] = { ok: true, value };
  }

  onError(error: unknown, position: number): void {
    this.#keepFailure(error, position);
    const failed = this.#quorumError();
    if (failed !== undefined) this.#run?.stop(failed);
  }

  onEnd(): void {
    this.#cancelDeadline?.();
    this.#settlers.resolve(this.#result());
  }

  onStop(reason: unknown): void {
    this.#cancelDeadline?.();
    if (reason !== this.#deadlineError) {
      this.#settlers.reject(reason);
      return;
    }
    for (const [position, outcome] of this.#outcomes.entries())
      if (outcome === undefined) this.#keepFailure(reason, position);
    const failed = this.#quorumError();
    if (failed === undefined) this.#settlers.resolve(this.#result());
    else this.#settlers.reject(failed);
  }

  hasRoom(): boolean {
    return true;
  }

  #endAtDeadline(run: LimitedRun<Task, unknown>, deadlineMs: number): void {
    const isDone = (position: number): boolean => this.#outcomes[position] !== undefined;
    const left = unfinished(this.#named, run.startedCount, isDone);
    this.#deadlineError = new DeadlineError(deadlineMs, left);
    run.stop(this.#deadlineError);
  }

  #keepFailure(error: unknown, position: number): void {
    const name = this.#named.names[position] ?? "";
    this.#thrown.push([name, error]);
    this.#outcomes[position] = this.#fallbacks.outcomeOf(name, error);
  }

  #quorumError(): QuorumError | undefined {
    const taskCount = this.#outcomes.length;
    if (taskCount - this.#thrown.length >= this.#quorum) return undefined;
    return new QuorumError(this.#quorum, taskCount, this.#thrown);
  }

  #result(): unknown {
    const successes: [name: string, value: unknown][] = [];
    const failures: [name: string, error: unknown][] = [];
    for (const [position, outcome] of this.#outcomes.entries()) {
      const name = this.#named.names[position] ?? "";
      if (outcome?.ok === true) successes.push([name, outcome.value]);
      else failures.push([name, outcome?.error]);
    }
    return {
      outcomes: byName(this.#named, this.#outcomes),
      successes: onlyThose(this.#named, successes),
      failures: onlyThose(this.#named, failures),
    };
  }
}

function readQuorum(quorum: number, taskCount: number): number {
  if (!Number.isSafeInteger(quorum) || quorum < 0 || quorum > taskCount)
    throw new InvalidArgumentError(
      `\`quorum\` as an integer from 0 to the number of tasks, ${taskCount}`,
      quorum,
    );
  return quorum;
}
