import type { Read } from "../session/read-only-session.ts";
import { PROVIDER_ROLES_SQL } from "./sql/server-sql.ts";

/** Who runs the server, as far as its roles tell. */
export type Provider =
  | "rds"
  | "cloud-sql"
  | "alloydb"
  | "supabase"
  | "neon"
  | "azure"
  | "self-hosted";

const PROVIDER_BY_ROLE: Readonly<Record<string, Provider>> = {
  rds_superuser: "rds",
  cloudsqlsuperuser: "cloud-sql",
  alloydbsuperuser: "alloydb",
  supabase_admin: "supabase",
  neon_superuser: "neon",
  azure_pg_admin: "azure",
};

export async function readProvider(read: Read): Promise<Provider> {
  const rows = await read<{ readonly name: string }>(PROVIDER_ROLES_SQL);
  const found = rows.map(({ name }) => PROVIDER_BY_ROLE[name]).find((name) => name !== undefined);
  return found ?? "self-hosted";
}

const OWN_FILE = "Or name a file of the application's statements with --workload FILE.sql.";

/** How to get a workload where pg_stat_statements is not installed in the database. */
export function howToGetWorkload(provider: Provider, versionIsLoaded: boolean): string {
  const create = "CREATE EXTENSION pg_stat_statements;";
  return `${versionIsLoaded ? `Run ${create}` : STEPS[provider](create)} ${OWN_FILE}`;
}

const STEPS: Readonly<Record<Provider, (create: string) => string>> = {
  "self-hosted": (create) =>
    `Put pg_stat_statements into shared_preload_libraries (postgresql.conf), restart the server, then run ${create}`,
  rds: (create) =>
    `On Amazon RDS and Aurora pg_stat_statements is loaded unless the parameter group took it out of shared_preload_libraries; as the master user run ${create}`,
  "cloud-sql": (create) =>
    `On Cloud SQL pg_stat_statements is loaded already; as the postgres user run ${create}`,
  alloydb: (create) =>
    `On AlloyDB pg_stat_statements is loaded already; as the postgres user run ${create}`,
  supabase: () =>
    "On Supabase switch on pg_stat_statements under Database, Extensions, or run CREATE EXTENSION pg_stat_statements SCHEMA extensions;",
  neon: (create) =>
    `On Neon run ${create} It starts to count from then on, and again after the compute was suspended.`,
  azure: (create) =>
    `On Azure add pg_stat_statements to the server parameters azure.extensions and shared_preload_libraries, restart, then run ${create}`,
};
