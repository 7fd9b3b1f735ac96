import { UpshiftError } from "@upshift/foundation";
import { listNames } from "./list-names.ts";

/** A call was not done within its deadline. Names what it still waited for. */
export class DeadlineError extends UpshiftError {
  readonly code = "UPSHIFT_DEADLINE_EXCEEDED" as const;
  readonly deadlineMs: number;
  /** Names of the tasks that were at work. Their signal has aborted with this error. */
  readonly running: readonly string[];
  /** Names of the tasks that had not been started, for want of concurrency. */
  readonly waiting: readonly string[];

  constructor(
    deadlineMs: number,
    unfinished: { readonly running: readonly string[]; readonly waiting: readonly string[] },
    options: { readonly cause?: unknown } = {},
  ) {
    const { running, waiting } = unfinished;
    super(
      `not done within ${deadlineMs} ms: still running ${listNames(running)}${
        waiting.length > 0 ? `; not started ${listNames(waiting)}` : ""
      }`,
      { ...options, details: { deadlineMs, running, waiting } },
    );
    this.deadlineMs = deadlineMs;
    this.running = running;
    this.waiting = waiting;
  }
}
