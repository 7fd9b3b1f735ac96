import { Client } from "pg";
import { DemoFailedError } from "./demo-errors.ts";

/**
 * Builds the advised indexes one after another, then gathers statistics.
 *
 * Each statement goes alone and outside of a transaction, as CREATE INDEX CONCURRENTLY demands.
 *
 * @throws {DemoFailedError} with the statement that the server refused
 */
export async function applyAdvice(
  url: string,
  statements: readonly string[],
  options: {
    readonly signal: AbortSignal;
    readonly onApplied: (statement: string, index: number) => void;
  },
): Promise<void> {
  const client = new Client({ connectionString: url });
  client.on("error", () => {});
  const cut = (): void => void client.end().catch(() => {});
  options.signal.addEventListener("abort", cut, { once: true });
  try {
    await client.connect();
    for (const [index, statement] of [...statements, "ANALYZE"].entries()) {
      options.signal.throwIfAborted();
      await execute(client, statement, options.signal);
      if (index < statements.length) options.onApplied(statement, index);
    }
  } finally {
    options.signal.removeEventListener("abort", cut);
    await client.end().catch(() => {});
  }
}

async function execute(client: Client, statement: string, signal: AbortSignal): Promise<void> {
  try {
    await client.query(statement);
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    throw new DemoFailedError("applying the advice", `${statement}: ${reason}`, error);
  }
}
