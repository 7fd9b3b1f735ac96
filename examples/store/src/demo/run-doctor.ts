import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import path from "node:path";
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

/** The worst ones; a shop this neglected has some forty, and the table at the end should not be lost below them. */
const SHOWN_FINDINGS = "10";
const EXIT_FINDINGS = 1;
/** Time for it to end by itself after Ctrl-C. */
const GRACE_MS = 3_000;

/**
 * Runs `upshift doctor` as a user does: a process of its own that is given a connection string and nothing else.
 * It writes to our own terminal or pipe.
 *
 * @throws {DemoFailedError} when it could not do its work
 */
export async function runDoctor(options: {
  readonly url: string;
  /** Where its JSON report and its temporary files go; removed with the server. */
  readonly folder: string;
  readonly color: boolean;
  readonly signal: AbortSignal;
}): Promise<DoctorReport> {
  const program = fileURLToPath(new URL("bin.js", import.meta.resolve("upshift")));
  const reportFile = path.join(options.folder, "doctor.json");
  const args = [program, "doctor", "--top", SHOWN_FINDINGS, "--json-file", reportFile];
  const doctor = spawn(process.execPath, options.color ? args : [...args, "--no-color"], {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, DATABASE_URL: options.url, TMPDIR: options.folder },
  });
  let lastResort: NodeJS.Timeout | undefined;
  const stop = (): void => {
    doctor.kill("SIGTERM");
    lastResort = setTimeout(() => doctor.kill("SIGKILL"), GRACE_MS);
  };
  options.signal.addEventListener("abort", stop, { once: true });
  try {
    const [exitCode] = await once(doctor, "exit");
    options.signal.throwIfAborted();
    if (exitCode !== 0 && exitCode !== EXIT_FINDINGS)
      throw new DemoFailedError("upshift doctor", `it ended with code ${exitCode}`);
  } finally {
    clearTimeout(lastResort);
    options.signal.removeEventListener("abort", stop);
  }
  const report: DoctorReport = JSON.parse(await readFile(reportFile, "utf8"));
  return report;
}
