import { UpshiftError } from "@upshift/foundation";

/** A step of the demo did not do its work; the message says which and why. */
export class DemoFailedError extends UpshiftError {
  readonly code = "UPSHIFT_DEMO_FAILED" as const;

  constructor(step: string, reason: string, cause?: unknown) {
    super(`${step}: ${reason}`, { cause, details: { step } });
  }
}
