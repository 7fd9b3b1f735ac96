import type { TestProject } from "vitest/node";
import { startPostgres } from "./start-postgres.ts";

declare module "vitest" {
  interface ProvidedContext {
    upshiftPostgresUrl: string;
  }
}

/** One PostgreSQL for a whole test run; vitest calls this only when a test of the project is going to run. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startPostgres();
  project.provide("upshiftPostgresUrl", server.url());
  return () => server.stop();
}
