import { UpshiftError } from "@upshift/foundation";

/** The embedded planner stopped working; nothing of the user's database is affected. */
export class TwinFailedError extends UpshiftError {
  readonly code = "UPSHIFT_TWIN_FAILED" as const;

  /** @param activity - what was being done: "starting the planner" */
  constructor(activity: string, cause: unknown) {
    super(`the twin planner failed while ${activity}; run again, and report it if it stays`, {
      cause,
      details: { activity },
    });
  }
}

/** A call on a twin after `close()`. */
export class TwinClosedError extends UpshiftError {
  readonly code = "UPSHIFT_TWIN_CLOSED" as const;

  constructor() {
    super("the twin planner is closed; open another one");
  }
}
