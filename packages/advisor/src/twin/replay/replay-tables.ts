import type { Column, DatabaseSnapshot, Relation } from "../../snapshot/database-snapshot.ts";
import type { Engine } from "../engine/engine.ts";
import { quoteIdentifier, quoteLiteral, quoteQualified } from "../sql-text.ts";
import type { ReplayStatement, StatementRunner } from "./statement-runner.ts";

export interface ReplayTablesOptions {
  readonly engine: Engine;
  readonly runner: StatementRunner;
  readonly snapshot: DatabaseSnapshot;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes the tables in OID order, then their inheritance.
 *
 * Tables first and parents after: a partition that was attached can be older than its parent and have its columns in another
 * order. Materialized views and foreign tables become tables; defaults are left out, no plan depends on them.
 */
export async function replayTables(options: ReplayTablesOptions): Promise<void> {
  const { engine, runner, snapshot } = options;
  const known = await knownTypes(engine, snapshot);
  const relations = snapshot.relations.toSorted((a, b) => a.oid - b.oid);
  for (const relation of relations) noteSubstitutes(runner, relation, known);
  await runner.runAll(
    relations.map((relation) => tableStatement(relation, known)),
    options.signal,
  );
  await runner.runAll(relations.flatMap(inheritanceStatements), options.signal);
}

/** Column types that exist here; the others come from extensions that do not. */
async function knownTypes(
  engine: Engine,
  snapshot: DatabaseSnapshot,
): Promise<ReadonlySet<string>> {
  const types = new Set(
    snapshot.relations.flatMap((relation) => relation.columns.map((column) => column.type)),
  );
  const known = new Set<string>();
  for (const type of types) {
    const [row] = await engine.run(`SELECT to_regtype(${quoteLiteral(type)}) AS oid`);
    if (row?.["oid"] !== null && row?.["oid"] !== undefined) known.add(type);
  }
  return known;
}

function noteSubstitutes(
  runner: StatementRunner,
  relation: Relation,
  known: ReadonlySet<string>,
): void {
  if (relation.kind === "foreign-table") {
    runner.note({
      object: `${relation.schema}.${relation.name}`,
      reason: "a foreign table; plans treat it as a local one",
    });
  }
  for (const column of relation.columns) {
    if (known.has(column.type)) continue;
    runner.note({
      object: `${relation.schema}.${relation.name}.${column.name}`,
      reason: `the type ${column.type} is not available in the twin; text stands for it`,
    });
  }
}

function tableStatement(relation: Relation, known: ReadonlySet<string>): ReplayStatement {
  const name = quoteQualified(relation.schema, relation.name);
  const partitioning =
    relation.partitionKey === null ? "" : ` PARTITION BY ${relation.partitionKey}`;
  const options =
    relation.options.length === 0 || relation.partitionKey !== null
      ? ""
      : ` WITH (${relation.options.map(storageOption).join(", ")})`;
  const columns = (isPlain: boolean): string =>
    relation.columns.map((column) => columnDefinition(column, known, isPlain)).join(", ");
  return {
    object: `${relation.schema}.${relation.name}`,
    forms: [
      `CREATE TABLE ${name} (${columns(false)})${partitioning}${options}`,
      `CREATE TABLE ${name} (${columns(false)})${partitioning}`,
      `CREATE TABLE ${name} (${columns(true)})${partitioning}`,
      // A partition key that cannot be made again leaves a table that can at least be queried.
      ...(partitioning === "" ? [] : [`CREATE TABLE ${name} (${columns(true)})`]),
    ],
  };
}

/**
 * PLAIN storage spares every table its TOAST table, half of the time that making it takes; the planner never looks.
 *
 * @param isPlain - without collation and generation expression, where they failed
 */
function columnDefinition(column: Column, known: ReadonlySet<string>, isPlain: boolean): string {
  const isKnown = known.has(column.type);
  const type = isKnown ? column.type : column.type.endsWith("[]") ? "text[]" : "text";
  const parts = [quoteIdentifier(column.name), type, "STORAGE PLAIN"];
  if (isKnown && !isPlain && column.collation !== null) parts.push(`COLLATE ${column.collation}`);
  if (isKnown && !isPlain && column.generated === "virtual" && column.default !== null) {
    // Only virtual ones: their expression takes part in the plan. Stored values are columns like others.
    return [
      quoteIdentifier(column.name),
      type,
      `GENERATED ALWAYS AS (${column.default}) VIRTUAL`,
    ].join(" ");
  }
  if (column.isNotNull) parts.push("NOT NULL");
  return parts.join(" ");
}

/** `fillfactor=70` -> `fillfactor = '70'` */
function storageOption(option: string): string {
  const separator = option.indexOf("=");
  return `${option.slice(0, separator)} = ${quoteLiteral(option.slice(separator + 1))}`;
}

function inheritanceStatements(relation: Relation): ReplayStatement[] {
  const child = quoteQualified(relation.schema, relation.name);
  return relation.parents.map((parent) => {
    const parentName = quoteQualified(parent.schema, parent.name);
    return {
      object: `${relation.schema}.${relation.name}`,
      forms: [
        relation.partitionBound === null
          ? `ALTER TABLE ${child} INHERIT ${parentName}`
          : `ALTER TABLE ${parentName} ATTACH PARTITION ${child} ${relation.partitionBound}`,
      ],
    };
  });
}
