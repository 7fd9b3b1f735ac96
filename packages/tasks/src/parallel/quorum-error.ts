import { UpshiftError } from "@upshift/foundation";
import { listNames } from "./list-names.ts";

/** So many tasks failed that the quorum cannot be reached any more. The first failure is the `cause`. */
export class QuorumError extends UpshiftError {
  readonly code = "UPSHIFT_QUORUM_UNREACHABLE" as const;
  readonly quorum: number;
  readonly taskCount: number;
  /** What the failed tasks threw, by their names. */
  readonly failures: Readonly<Record<string, unknown>>;

  constructor(
    quorum: number,
    taskCount: number,
    failures: readonly (readonly [string, unknown])[],
  ) {
    const failed = failures.map(([name]) => name);
    super(
      `${quorum} of ${taskCount} tasks had to succeed and ${failed.length} failed: ${listNames(failed)}`,
      { cause: failures[0]?.[1], details: { quorum, taskCount, failed } },
    );
    this.quorum = quorum;
    this.taskCount = taskCount;
    this.failures = Object.fromEntries(failures);
  }
}
