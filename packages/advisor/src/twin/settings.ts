import type { DatabaseSnapshot } from "../snapshot/database-snapshot.ts";
import type { Engine } from "./engine/engine.ts";
import type { StatementRunner } from "./replay/statement-runner.ts";
import { quoteLiteral } from "./sql-text.ts";

/** Besides the categories of `Query Tuning`: what else estimates, costs or the reading of a statement depend on. */
const ALSO_RELEVANT: ReadonlySet<string> = new Set([
  "work_mem",
  "hash_mem_multiplier",
  "max_parallel_workers_per_gather",
  "parallel_leader_participation",
  "TimeZone",
  "DateStyle",
  "IntervalStyle",
  "timezone_abbreviations",
  "default_text_search_config",
  "array_nulls",
  "transform_null_equals",
  "xmloption",
  "extra_float_digits",
]);

/** The twin decides these itself. */
const OWN: ReadonlySet<string> = new Set(["jit", "plan_cache_mode", "default_statistics_target"]);

/** A feature of the planner with a switch, and the first version that has it. */
const NEWER_FEATURES: readonly { readonly setting: string; readonly since: number }[] = [
  { setting: "enable_presorted_aggregate", since: 160_000 },
  { setting: "enable_group_by_reordering", since: 170_000 },
  { setting: "enable_self_join_elimination", since: 180_000 },
  { setting: "enable_distinct_reordering", since: 180_000 },
];

/** hash_mem_multiplier became 2 in 15. */
const HASH_MEMORY_DOUBLED_SINCE = 150_000;

/**
 * Plans as the user's server would: its settings, and without what its version cannot do.
 *
 * JIT stays off: it never changes a plan, only what runs it.
 */
export async function applySettings(
  engine: Engine,
  runner: StatementRunner,
  snapshot: DatabaseSnapshot,
): Promise<void> {
  const version = snapshot.server.versionNumber;
  const wanted = new Map<string, string>();
  // PGlite starts without parallel plans; the default of a server is two.
  wanted.set("max_parallel_workers_per_gather", "2");
  if (version < HASH_MEMORY_DOUBLED_SINCE) wanted.set("hash_mem_multiplier", "1");
  const relevant = await relevantSettings(engine);
  for (const setting of snapshot.settings) {
    if (relevant.has(setting.name)) wanted.set(setting.name, setting.value);
  }
  for (const feature of NEWER_FEATURES) {
    if (version < feature.since) wanted.set(feature.setting, "off");
  }
  wanted.set("jit", "off");
  wanted.set("plan_cache_mode", "force_custom_plan");
  await runner.runAll(
    [...wanted].map(([name, value]) => ({
      object: `setting ${name}`,
      forms: [`SELECT set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, false)`],
    })),
  );
}

async function relevantSettings(engine: Engine): Promise<ReadonlySet<string>> {
  const rows = await engine.run(
    "SELECT name FROM pg_settings WHERE category LIKE 'Query Tuning%' AND context IN ('user', 'superuser')",
  );
  const names = new Set([...rows.map((row) => String(row["name"])), ...ALSO_RELEVANT]);
  for (const name of OWN) names.delete(name);
  return names;
}
