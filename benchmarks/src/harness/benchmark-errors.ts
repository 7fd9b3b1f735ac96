import { UpshiftError } from "@upshift/foundation";

/** There is no benchmark of that name; the message lists those there are. */
export class UnknownBenchmarkError extends UpshiftError {
  readonly code = "UPSHIFT_UNKNOWN_BENCHMARK" as const;

  constructor(name: string, names: readonly string[]) {
    super(`There is no benchmark "${name}"; there are: ${names.join(", ") || "none yet"}`, {
      details: { names },
    });
  }
}
