import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { DemoFailedError } from "./demo-errors.ts";

/** What `upshift doctor --json-file` writes, as far as the demo reads it. */
export interface DoctorReport {
  readonly findings: readonly unknown[];
  readonly indexes: readonly {
    readonly ddl: string;
    readonly queries: readonly {
      readonly query: string;
      readonly costBefore: number;
      readonly costAfter: number;
    }[];
  }[];
  readonly workload: { readonly costBefore: number; readonly costAfter: number };
}

const EXIT_FINDINGS = 1;

/**
 * Runs `upshift doctor` as a user does: a process of its own that is given a connection string and nothing else.
 * It writes to our own terminal or pipe.
 *
 * @throws {DemoFailedError} when it could not do its work
 */
export async function runDoctor(options: {
  readonly url: string;
  /** Where its JSON report goes. */
  readonly reportFile: string;
  readonly color: boolean;
  readonly signal: AbortSignal;
}): Promise<DoctorReport> {
  const program = fileURLToPath(new URL("bin.js", import.meta.resolve("upshift")));
  const args = [program, "doctor", "--json-file", options.reportFile];
  const doctor = spawn(process.execPath, options.color ? args : [...args, "--no-color"], {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, DATABASE_URL: options.url },
  });
  const stop = (): void => void doctor.kill("SIGTERM");
  options.signal.addEventListener("abort", stop, { once: true });
  try {
    const [exitCode] = await once(doctor, "exit");
    options.signal.throwIfAborted();
    if (exitCode !== 0 && exitCode !== EXIT_FINDINGS)
      throw new DemoFailedError("upshift doctor", `it ended with code ${exitCode}`);
  } finally {
    options.signal.removeEventListener("abort", stop);
  }
  const report: DoctorReport = JSON.parse(await readFile(options.reportFile, "utf8"));
  return report;
}
