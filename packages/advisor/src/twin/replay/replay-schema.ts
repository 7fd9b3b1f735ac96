import type { DatabaseSnapshot } from "../../snapshot/database-snapshot.ts";
import type { Engine } from "../engine/engine.ts";
import type { Limitation } from "../limitation.ts";
import { literalOrNull, quoteIdentifier, quoteLiteral, quoteQualified } from "../sql-text.ts";
import { replayCollations } from "./replay-collations.ts";
import { replayIndexes } from "./replay-indexes.ts";
import { replayTables } from "./replay-tables.ts";
import { type ReplayStatement, StatementRunner } from "./statement-runner.ts";

export interface ReplayOptions {
  readonly engine: Engine;
  readonly snapshot: DatabaseSnapshot;
  /** Of the database's extensions, those that the engine can create. */
  readonly extensions: readonly string[];
  readonly limitations: Limitation[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes the schema again, without rows.
 *
 * Nothing in it may plan a query on a user table: B-tree heights are forged in the files afterwards, and a page that a plan
 * has read would stay in memory as it was.
 */
export async function replaySchema(options: ReplayOptions): Promise<void> {
  const { engine, snapshot, signal } = options;
  const runner = new StatementRunner(engine, options.limitations);
  await engine.run(sessionSettings(snapshot));
  await runner.runAll(schemaStatements(snapshot));
  for (const statement of extensionStatements(options)) await runner.run(statement);
  await replayCollations(engine, runner, snapshot);
  const waiting = await runner.runUntilStable([
    ...typeStatements(snapshot),
    ...functionStatements(snapshot),
  ]);
  await replayTables({ engine, runner, snapshot, signal });
  // Again with the tables there: their row types and functions over them.
  const lateDefinitions = await runner.runUntilStable(waiting);
  await replayIndexes(runner, snapshot, signal);
  const views = snapshot.views.map((view) => ({
    object: `view ${view.schema}.${view.name}`,
    forms: [view.ddl],
  }));
  for (const failed of await runner.runUntilStable([...lateDefinitions, ...views])) {
    await runner.run(failed);
  }
}

function sessionSettings(snapshot: DatabaseSnapshot): string {
  const path = snapshot.searchPath.map(quoteIdentifier).join(", ");
  return [
    "SET check_function_bodies = off",
    "SET client_min_messages = error",
    "SET standard_conforming_strings = on",
    "SET icu_validation_level = disabled",
    `SELECT set_config('search_path', ${quoteLiteral(path)}, false)`,
  ].join(";");
}

function schemaStatements(snapshot: DatabaseSnapshot): ReplayStatement[] {
  const names = new Set([
    ...snapshot.schemas,
    ...snapshot.extensions.map((extension) => extension.schema),
    ...snapshot.relations.map((relation) => relation.schema),
  ]);
  names.delete("pg_catalog");
  names.delete("information_schema");
  return [...names].map((name) => ({
    object: `schema ${name}`,
    forms: [`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(name)}`],
  }));
}

function extensionStatements({ snapshot, extensions }: ReplayOptions): ReplayStatement[] {
  const available = new Set(extensions);
  return snapshot.extensions
    .filter((extension) => available.has(extension.name))
    .flatMap(({ name, schema }) => {
      const object = `extension ${name}`;
      const sql = `CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(name)} SCHEMA ${quoteIdentifier(schema)}`;
      const create = { object, forms: [sql, `${sql} CASCADE`] };
      return name === "pg_trgm"
        ? [create, { object, forms: [trigramRepairSql(schema)] }]
        : [create];
    });
}

/**
 * In PGlite 0.5, beside other extensions, pg_trgm traps where one of its functions calls another by its address ("null
 * function or function signature mismatch"), and the instance is lost. Estimating `%` runs two such functions, so these are
 * written again. Not in SQL: the planner would unfold them and no longer see the operator.
 */
function trigramRepairSql(schema: string): string {
  const prefix = quoteIdentifier(schema);
  const repair = (name: string, type: string, result: string): string =>
    `CREATE OR REPLACE FUNCTION ${prefix}.${name}(text, text) RETURNS ${type} LANGUAGE plpgsql COST 1 STABLE STRICT PARALLEL SAFE AS ${quoteLiteral(`BEGIN RETURN ${result}; END`)}`;
  const similarity = `${prefix}.similarity($1, $2)`;
  return [
    repair("similarity_op", "boolean", `${similarity} >= ${prefix}.show_limit()`),
    repair("similarity_dist", "real", `1 - ${similarity}`),
  ].join(";");
}

function typeStatements(snapshot: DatabaseSnapshot): ReplayStatement[] {
  return snapshot.types.flatMap((type) =>
    type.ddl === null ? [] : [{ object: `type ${type.schema}.${type.name}`, forms: [type.ddl] }],
  );
}

function functionStatements(snapshot: DatabaseSnapshot): ReplayStatement[] {
  return snapshot.functions.map((definition) => ({
    object: `function ${definition.schema}.${definition.name}`,
    forms: [definition.ddl],
  }));
}

/** OIDs of the twin's relations by quoted qualified name. */
export async function readRelationFiles(
  engine: Engine,
): Promise<ReadonlyMap<string, RelationFile>> {
  const rows = await engine.run(
    `SELECT n.nspname::text AS schema, c.relname::text AS name, c.oid::int8::text AS oid,
            pg_relation_filepath(c.oid) AS path
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname !~ '^pg_' AND n.nspname <> ${literalOrNull("information_schema")}
        AND c.relkind IN ('r', 'p', 'm', 'i', 'I')`,
  );
  return new Map(
    rows.map((row) => [
      quoteQualified(String(row["schema"]), String(row["name"])),
      {
        oid: Number(row["oid"]),
        path: typeof row["path"] === "string" ? row["path"] : null,
      },
    ]),
  );
}

export interface RelationFile {
  readonly oid: number;
  /** Below the data directory; `null` for a partitioned parent, which has no file. */
  readonly path: string | null;
}
