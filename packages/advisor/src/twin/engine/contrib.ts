import type { Extension, Extensions } from "@electric-sql/pglite";

type Load = () => Promise<Extension>;

/** Extensions that PGlite ships and that bring types, operators or access methods. */
const CONTRIB: ReadonlyMap<string, Load> = new Map<string, Load>([
  ["bloom", async () => (await import("@electric-sql/pglite/contrib/bloom")).bloom],
  ["btree_gin", async () => (await import("@electric-sql/pglite/contrib/btree_gin")).btree_gin],
  ["btree_gist", async () => (await import("@electric-sql/pglite/contrib/btree_gist")).btree_gist],
  ["citext", async () => (await import("@electric-sql/pglite/contrib/citext")).citext],
  ["cube", async () => (await import("@electric-sql/pglite/contrib/cube")).cube],
  ["dict_int", async () => (await import("@electric-sql/pglite/contrib/dict_int")).dict_int],
  ["dict_xsyn", async () => (await import("@electric-sql/pglite/contrib/dict_xsyn")).dict_xsyn],
  [
    "earthdistance",
    async () => (await import("@electric-sql/pglite/contrib/earthdistance")).earthdistance,
  ],
  [
    "fuzzystrmatch",
    async () => (await import("@electric-sql/pglite/contrib/fuzzystrmatch")).fuzzystrmatch,
  ],
  ["hstore", async () => (await import("@electric-sql/pglite/contrib/hstore")).hstore],
  ["intarray", async () => (await import("@electric-sql/pglite/contrib/intarray")).intarray],
  ["isn", async () => (await import("@electric-sql/pglite/contrib/isn")).isn],
  ["lo", async () => (await import("@electric-sql/pglite/contrib/lo")).lo],
  ["ltree", async () => (await import("@electric-sql/pglite/contrib/ltree")).ltree],
  ["pg_trgm", async () => (await import("@electric-sql/pglite/contrib/pg_trgm")).pg_trgm],
  ["pgcrypto", async () => (await import("@electric-sql/pglite/contrib/pgcrypto")).pgcrypto],
  ["seg", async () => (await import("@electric-sql/pglite/contrib/seg")).seg],
  ["tablefunc", async () => (await import("@electric-sql/pglite/contrib/tablefunc")).tablefunc],
  [
    "tsm_system_rows",
    async () => (await import("@electric-sql/pglite/contrib/tsm_system_rows")).tsm_system_rows,
  ],
  [
    "tsm_system_time",
    async () => (await import("@electric-sql/pglite/contrib/tsm_system_time")).tsm_system_time,
  ],
  ["unaccent", async () => (await import("@electric-sql/pglite/contrib/unaccent")).unaccent],
  ["uuid-ossp", async () => (await import("@electric-sql/pglite/contrib/uuid_ossp")).uuid_ossp],
]);

/** Brings nothing that a plan could depend on, so its absence is no limitation. */
const IRRELEVANT: ReadonlySet<string> = new Set([
  "plpgsql",
  "adminpack",
  "amcheck",
  "auto_explain",
  "dblink",
  "file_fdw",
  "hypopg",
  "pageinspect",
  "pg_buffercache",
  "pg_cron",
  "pg_freespacemap",
  "pg_prewarm",
  "pg_qualstats",
  "pg_repack",
  "pg_stat_kcache",
  "pg_stat_statements",
  "pg_surgery",
  "pg_visibility",
  "pg_wait_sampling",
  "pg_walinspect",
  "pgaudit",
  "pgrowlocks",
  "pgstattuple",
  "postgres_fdw",
  "sslinfo",
  "supabase_vault",
]);

export interface LoadedContrib {
  /** For PGlite: a key per extension. */
  readonly extensions: Extensions;
  readonly loaded: readonly string[];
  /** Used by the database, not here. */
  readonly missing: readonly string[];
}

/** Loads what the twin needs of the named extensions; each costs some milliseconds at the start. */
export async function loadContrib(names: readonly string[]): Promise<LoadedContrib> {
  const extensions: Record<string, Extension> = {};
  const loaded: string[] = [];
  const missing: string[] = [];
  for (const name of new Set(names)) {
    const load = CONTRIB.get(name);
    if (load !== undefined) {
      extensions[name.replaceAll("-", "_")] = await load();
      loaded.push(name);
    } else if (!IRRELEVANT.has(name)) {
      missing.push(name);
    }
  }
  // earthdistance is made of cubes; CREATE EXTENSION … CASCADE finds it only when it is there.
  if ("earthdistance" in extensions && !("cube" in extensions)) {
    const cube = CONTRIB.get("cube");
    if (cube !== undefined) extensions["cube"] = await cube();
  }
  return { extensions, loaded, missing };
}
