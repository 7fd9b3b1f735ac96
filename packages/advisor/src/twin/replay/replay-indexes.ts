import type { Constraint, DatabaseSnapshot, Index } from "../../snapshot/database-snapshot.ts";
import { quoteIdentifier, quoteQualified } from "../sql-text.ts";
import type { ReplayStatement, StatementRunner } from "./statement-runner.ts";

/**
 * Makes constraints and indexes: indexes in OID order, because the planner breaks ties by it.
 *
 * An index that is not valid in production is left out: its planner does not see it either.
 */
export async function replayIndexes(
  runner: StatementRunner,
  snapshot: DatabaseSnapshot,
  signal?: AbortSignal,
): Promise<void> {
  const checks = snapshot.constraints.filter((constraint) => constraint.kind === "check");
  await runner.runAll(checks.map(constraintStatement), signal);
  const owners = new Map(
    snapshot.constraints.flatMap((constraint) =>
      constraint.index === null || constraint.kind === "foreign-key"
        ? []
        : [[quoteQualified(constraint.schema, constraint.index), constraint] as const],
    ),
  );
  const partitioned = new Set(
    snapshot.relations
      .filter((relation) => relation.kind === "partitioned")
      .map((relation) => quoteQualified(relation.schema, relation.name)),
  );
  const indexes = snapshot.indexes
    .filter((index) => index.isValid)
    .toSorted((a, b) => a.oid - b.oid);
  await runner.runAll(
    indexes.map((index) => indexStatement(index, owners, partitioned)),
    signal,
  );
  await runner.runAll(indexes.flatMap(attachStatement), signal);
  await runner.runAll(foreignKeys(snapshot).map(constraintStatement), signal);
}

function indexStatement(
  index: Index,
  owners: ReadonlyMap<string, Constraint>,
  partitioned: ReadonlySet<string>,
): ReplayStatement {
  const owner = owners.get(quoteQualified(index.schema, index.name));
  const forms = [index.definition];
  if (owner !== undefined && owner.table === index.table) {
    const table = quoteQualified(owner.schema, owner.table);
    // As pg_dump does: the parent's alone, then each partition's, then they are joined.
    const only = partitioned.has(table) ? "ONLY " : "";
    forms.unshift(
      `ALTER TABLE ${only}${table} ADD CONSTRAINT ${quoteIdentifier(owner.name)} ${owner.definition}`,
    );
  }
  return { object: `index ${index.schema}.${index.name}`, forms };
}

function attachStatement(index: Index): ReplayStatement[] {
  if (index.parent === null) return [];
  const parent = quoteQualified(index.parent.schema, index.parent.name);
  return [
    {
      object: `index ${index.schema}.${index.name}`,
      forms: [`ALTER INDEX ${parent} ATTACH PARTITION ${quoteQualified(index.schema, index.name)}`],
    },
  ];
}

/** The planner knows a foreign key's join selectivity. One that a partition has from its parent comes with the parent's. */
function foreignKeys(snapshot: DatabaseSnapshot): Constraint[] {
  const parents = new Map(
    snapshot.relations
      .filter((relation) => relation.partitionBound !== null)
      .map((relation) => [quoteQualified(relation.schema, relation.name), relation.parents]),
  );
  const keys = snapshot.constraints.filter((constraint) => constraint.kind === "foreign-key");
  const onTable = new Set(keys.map((key) => foreignKeyShape(key.schema, key.table, key)));
  return keys.filter(
    (key) =>
      !(parents.get(quoteQualified(key.schema, key.table)) ?? []).some((parent) =>
        onTable.has(foreignKeyShape(parent.schema, parent.name, key)),
      ),
  );
}

function foreignKeyShape(schema: string, table: string, key: Constraint): string {
  return JSON.stringify([schema, table, key.columns, key.references]);
}

function constraintStatement(constraint: Constraint): ReplayStatement {
  // NOT VALID spares the check, which would plan a query, and reads no rows that are not there.
  const isUnchecked =
    constraint.kind !== "foreign-key" || /\bNOT (VALID|ENFORCED)$/u.test(constraint.definition);
  return {
    object: `constraint ${constraint.name} of ${constraint.schema}.${constraint.table}`,
    forms: [
      `ALTER TABLE ${quoteQualified(constraint.schema, constraint.table)} ADD CONSTRAINT ${quoteIdentifier(constraint.name)} ${constraint.definition}${isUnchecked ? "" : " NOT VALID"}`,
    ],
  };
}
