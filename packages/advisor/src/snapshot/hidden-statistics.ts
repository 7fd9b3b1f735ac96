import type { HiddenFact } from "./database-snapshot.ts";
import { groupRows } from "./group-rows.ts";
import { quoteIdentifier, quoteQualified } from "./identifier.ts";
import type { RelationFacts } from "./read-relations.ts";
import type { ExtendedStatisticsFacts } from "./read-statistics.ts";

/** From this many tables of one schema on, one GRANT for the schema reads better than one per table. */
const MANY_TABLES = 5;

/**
 * Which column statistics the role cannot see, and the least that would show them: one entry per table, or one per schema
 * where most of it is hidden. Tables that were never analysed are not hidden and make no entry.
 */
export function hiddenColumnStatistics(
  relations: readonly RelationFacts[],
  role: string,
): readonly HiddenFact[] {
  const hidden = relations.filter(
    (facts) => !facts.isRowSecurityActive && facts.unreadableColumns.length > 0,
  );
  const hiddenFacts: HiddenFact[] = [];
  for (const [schema, tables] of groupRows(hidden, ({ relation }) => relation.schema)) {
    const unreadable = tables.filter((table) => isWhollyUnreadable(table));
    const isWholeSchema =
      unreadable.length >= MANY_TABLES &&
      relations.every(
        (facts) =>
          facts.relation.schema !== schema || facts.isSelectable || isWhollyUnreadable(facts),
      );
    if (isWholeSchema) hiddenFacts.push(schemaFact(schema, unreadable.length, role));
    else if (unreadable.length >= MANY_TABLES) hiddenFacts.push(listFact(schema, unreadable, role));
    else hiddenFacts.push(...unreadable.map((table) => tableFact(table, role)));
    hiddenFacts.push(
      ...tables
        .filter((table) => !isWhollyUnreadable(table))
        .map((table) => columnsFact(table, role)),
    );
  }
  return hiddenFacts;
}

function isWhollyUnreadable({ relation, unreadableColumns }: RelationFacts): boolean {
  return unreadableColumns.length === relation.columns.length;
}

function schemaFact(schema: string, tableCount: number, role: string): HiddenFact {
  const to = quoteIdentifier(role);
  const name = quoteIdentifier(schema);
  return {
    what: "column-statistics",
    object: name,
    reason: `the statistics of ${tableCount} tables of schema ${name} are hidden: PostgreSQL shows them only to roles that may read the columns.`,
    grant: `GRANT SELECT ON ALL TABLES IN SCHEMA ${name} TO ${to};`,
  };
}

function listFact(schema: string, tables: readonly RelationFacts[], role: string): HiddenFact {
  const names = tables.map(({ relation }) => quoteQualified(relation.schema, relation.name));
  return {
    what: "column-statistics",
    object: quoteIdentifier(schema),
    reason: `the statistics of ${tables.length} tables of schema ${quoteIdentifier(schema)} are hidden: PostgreSQL shows them only to roles that may read the columns.`,
    grant: `GRANT SELECT ON TABLE ${names.join(", ")} TO ${quoteIdentifier(role)};`,
  };
}

function tableFact({ relation }: RelationFacts, role: string): HiddenFact {
  const name = quoteQualified(relation.schema, relation.name);
  return {
    what: "column-statistics",
    object: name,
    reason: `the statistics of ${name} are hidden: PostgreSQL shows them only to roles that may read the columns.`,
    grant: `GRANT SELECT ON TABLE ${name} TO ${quoteIdentifier(role)};`,
  };
}

function columnsFact({ relation, unreadableColumns }: RelationFacts, role: string): HiddenFact {
  const name = quoteQualified(relation.schema, relation.name);
  const columns = unreadableColumns.map(quoteIdentifier).join(", ");
  return {
    what: "column-statistics",
    object: name,
    reason: `the statistics of ${unreadableColumns.length} columns of ${name} are hidden (${columns}): the role may not read these columns.`,
    grant: `GRANT SELECT (${columns}) ON TABLE ${name} TO ${quoteIdentifier(role)};`,
  };
}

/** Row-level security hides a table's statistics whatever the role may read. */
export function hiddenByRowSecurity(relations: readonly RelationFacts[]): readonly HiddenFact[] {
  const hidden = relations.filter((facts) => facts.isRowSecurityActive);
  return [...groupRows(hidden, ({ relation }) => relation.schema)].flatMap(([schema, tables]) =>
    tables.length < MANY_TABLES
      ? tables.map((table) => rowSecurityFact([table], null))
      : [rowSecurityFact(tables, schema)],
  );
}

function rowSecurityFact(tables: readonly RelationFacts[], schema: string | null): HiddenFact {
  const names = tables.map(({ relation }) => quoteQualified(relation.schema, relation.name));
  const owners = [...new Set(tables.map(({ owner }) => quoteIdentifier(owner)))];
  return {
    what: "row-security",
    object: schema === null ? (names[0] ?? null) : quoteIdentifier(schema),
    reason: `row-level security is on for ${names.join(", ")}: PostgreSQL then shows the statistics only to the owner (${owners.join(", ")}), to superusers and to roles with BYPASSRLS. No GRANT changes that; take the snapshot as one of them, or have a superuser run ALTER ROLE … BYPASSRLS for a role kept for this.`,
    grant: null,
  };
}

/**
 * Statistics of index expressions are rows of the index, and PostgreSQL has no GRANT on an index: reading everything, or being
 * the owner, is the only way.
 *
 * @param indexes - quoted names
 */
export function hiddenExpressionStatistics(
  indexes: readonly string[],
  role: string,
): readonly HiddenFact[] {
  if (indexes.length === 0) return [];
  const shown = indexes.slice(0, MANY_TABLES).join(", ");
  const more = indexes.length - MANY_TABLES;
  return [
    {
      what: "column-statistics",
      object: indexes.length === 1 ? shown : null,
      reason: `the statistics of the expressions in ${shown}${more > 0 ? ` and ${more} more indexes` : ""} are hidden: PostgreSQL shows them only to the owner and to members of pg_read_all_data.`,
      grant: `GRANT pg_read_all_data TO ${quoteIdentifier(role)};`,
    },
  ];
}

/**
 * Servers since the minor releases of May 2024 show extended statistics only to the table's owner; others at least ask for
 * every column. Membership in the owner would give the right to write, so no GRANT is proposed.
 */
export function hiddenExtendedStatistics(
  statistics: readonly ExtendedStatisticsFacts[],
): readonly HiddenFact[] {
  return statistics
    .filter((facts) => !facts.isCollected && !facts.isOwner)
    .map(({ statistics: { schema, name }, owner }) => ({
      what: "extended-statistics",
      object: quoteQualified(schema, name),
      reason: `the extended statistics ${quoteQualified(schema, name)} are hidden, or were never collected: PostgreSQL shows them to the table's owner (${quoteIdentifier(owner)}). Membership in that role would also let this one write; take the snapshot as the owner instead.`,
      grant: null,
    }));
}
