import type { DatabaseSnapshot } from "@upshift/advisor";
import type { CommandContext } from "../commands/command-context.ts";
import type { ConnectionOptions } from "../commands/command-options.ts";
import { connect } from "../connection/connect.ts";
import { resolveConnection } from "../connection/resolve-connection.ts";
import { EXIT_OK } from "../exit-codes.ts";

export interface DatabaseRequest {
  readonly url: string | undefined;
  readonly options: ConnectionOptions;
  /** Statements of `--workload`; `undefined` reads pg_stat_statements. */
  readonly workloadSql: string | undefined;
}

/**
 * Connects, reads a snapshot with real values, and disconnects: nothing that comes after needs the server.
 *
 * @throws every error of `connect` and `takeSnapshot`
 */
export async function readDatabase(
  { url, options, workloadSql }: DatabaseRequest,
  context: CommandContext,
): Promise<DatabaseSnapshot> {
  const { io, progress } = context;
  // Loaded late: the advisor brings a whole PostgreSQL, which --help must not wait for.
  const { takeSnapshot } = await import("@upshift/advisor");
  const resolved = await resolveConnection({
    url,
    service: options.service,
    environment: io.environment,
    homeFolder: io.homeFolder,
  });
  for (const note of resolved.notes) context.warn(note);
  progress.onProgress({ stage: "snapshot", done: 0, total: null, label: "connecting" });
  try {
    const connection = await connect(resolved, io.signal);
    try {
      return await takeSnapshot(connection.queryable, {
        values: "real",
        statementTimeoutMs: options.timeout,
        signal: io.signal,
        onProgress: progress.onProgress,
        ...(workloadSql === undefined ? {} : { workloadSql }),
      });
    } finally {
      await connection.close();
    }
  } finally {
    progress.clear();
  }
}

/** `--print-sql`: every statement that would be run, without a connection. */
export async function printStatements(context: CommandContext): Promise<number> {
  const { snapshotStatements } = await import("@upshift/advisor");
  const scripts = snapshotStatements().map(({ purpose, minimumVersion, text }) => {
    const since =
      minimumVersion > 140_000 ? `, PostgreSQL ${minimumVersion / 10_000} and newer` : "";
    return `-- ${purpose}${since}\n${text.trim().replace(/;$/, "")};`;
  });
  context.print(scripts.join("\n\n"));
  return EXIT_OK;
}
