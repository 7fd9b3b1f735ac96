import path from "node:path";
import { type PostgresServer, startPostgres } from "@upshift/services";
import { Client } from "pg";
import { loadStore } from "../load-store.ts";
import { replay, type QueryTiming } from "../workload/replay.ts";
import { storeWorkload } from "../workload/store-workload.ts";
import { applyAdvice } from "./apply-advice.ts";
import { compare } from "./compare.ts";
import type { DemoOptions } from "./demo-options.ts";
import { explainWorkload } from "./plan-words.ts";
import { percent, renderComparison } from "./render-comparison.ts";
import { runDoctor } from "./run-doctor.ts";
import type { Screen } from "./screen.ts";

/** A small machine's settings; `minimal` lets the load do without a write-ahead log. */
const SERVER_SETTINGS: Readonly<Record<string, string>> = {
  shared_buffers: "256MB",
  maintenance_work_mem: "128MB",
  max_wal_size: "4GB",
  checkpoint_timeout: "1h",
  wal_level: "minimal",
  max_wal_senders: "0",
};

/** The whole demo: start, fill, replay, doctor, apply, replay, compare. */
export async function runDemo(
  options: DemoOptions,
  screen: Screen,
  signal: AbortSignal,
): Promise<void> {
  const step = createSteps(screen);
  const server = await step("PostgreSQL 18 in a temp folder", () =>
    startPostgres({ settings: SERVER_SETTINGS, signal }),
  );
  let mustStop = true;
  try {
    await demonstrate(server, options, { screen, step, signal });
    if (options.keep) {
      await server.keep();
      mustStop = false;
      screen.line(`\nThe server is still running:  ${server.url("store")}`);
      screen.line(`Stop it and remove its files: kill ${server.supervisorPid}`);
    }
  } finally {
    if (mustStop) await server.stop();
  }
}

interface Stage {
  readonly screen: Screen;
  readonly step: Step;
  readonly signal: AbortSignal;
}

async function demonstrate(
  server: PostgresServer,
  { scale, color }: DemoOptions,
  { screen, step, signal }: Stage,
): Promise<void> {
  const url = server.url("store");
  await createDatabase(server);
  await step("a shop of users, products, orders, posts and events", () =>
    loadStore(url, {
      scale,
      signal,
      onProgress: ({ done, total, label }) => screen.progress(`loading: ${label}`, done, total),
    }),
  );
  const play = (): Promise<readonly QueryTiming[]> =>
    replay(url, {
      scale,
      signal,
      onProgress: ({ done, total }) => screen.progress("playing the workload", done, total),
    });
  const plansBefore = await explainWorkload(url, scale);
  await forgetStatements(url);
  const before = await step(`what its users ask: ${storeWorkload.length} queries`, play);

  screen.line(
    `\n${screen.paint("bold", "$ upshift doctor")}   (DATABASE_URL is all it is given)\n`,
  );
  const folder = path.dirname(server.dataDirectory);
  const report = await step("the doctor's visit", () => runDoctor({ url, folder, color, signal }));

  screen.line(`\n${screen.paint("bold", "Applying the advice")}, as this database is our own:`);
  const statements = report.indexes.map(({ ddl }) => ddl);
  await step(`${statements.length} indexes built`, () =>
    applyAdvice(url, statements, {
      signal,
      onApplied: (statement) => screen.line(`  ${statement}`),
    }),
  );
  const after = await step("the same workload again", play);
  const plansAfter = await explainWorkload(url, scale);

  screen.line();
  const comparisons = compare({ before, after, plansBefore, plansAfter, report });
  for (const line of renderComparison(comparisons, screen)) screen.line(line);
  const claimed = 1 - report.workload.costAfter / report.workload.costBefore;
  const measured = 1 - totalMs(after) / totalMs(before);
  screen.line(
    `\nThe whole workload: ${seconds(totalMs(before))} before, ${seconds(totalMs(after))} after; ` +
      `claimed gain ${percent(claimed)} of cost, measured ${percent(measured)} of time.`,
  );
  screen.line(`\nYour own database (read only, nothing is written):`);
  screen.line(`  ${screen.paint("bold", "npx upshift doctor postgres://user@host/database")}`);
}

async function createDatabase(server: PostgresServer): Promise<void> {
  await execute(server.url(), "CREATE DATABASE store");
  await execute(server.url("store"), "CREATE EXTENSION pg_stat_statements");
}

/** From here on pg_stat_statements counts what users ask; the load is none of it. */
async function forgetStatements(url: string): Promise<void> {
  await execute(url, "SELECT pg_stat_statements_reset()");
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

type Step = <Result>(label: string, work: () => Promise<Result>) => Promise<Result>;

/** Runs a step and says what was done and how long it took. */
function createSteps(screen: Screen): Step {
  return async (label, work) => {
    const startMs = performance.now();
    try {
      const result = await work();
      const took = seconds(performance.now() - startMs);
      screen.line(`${screen.paint("green", "✔")} ${label} ${screen.paint("dim", took)}`);
      return result;
    } finally {
      screen.clearProgress();
    }
  };
}

function totalMs(timings: readonly QueryTiming[]): number {
  return timings.reduce((sum, timing) => sum + timing.totalMs, 0);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
