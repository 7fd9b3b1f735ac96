import type { DatabaseSnapshot, ExtendedStatistics } from "../../snapshot/database-snapshot.ts";
import type { Engine } from "../engine/engine.ts";
import type { StatementRunner } from "../replay/statement-runner.ts";
import { quoteLiteral, quoteQualified } from "../sql-text.ts";
import {
  parseDependencyItems,
  parseDistinctItems,
  serializeDependencies,
  serializeDistinct,
} from "./extended-statistics-bytes.ts";

/**
 * Restores what CREATE STATISTICS collected: distinct combinations and functional dependencies.
 *
 * PostgreSQL 18 has no import for them, but a cast from bytes does. Most-common-value lists are left out: they hold values
 * of eight bytes in a form that this 32-bit build reads differently.
 */
export async function restoreExtendedStatistics(
  engine: Engine,
  runner: StatementRunner,
  snapshot: DatabaseSnapshot,
): Promise<void> {
  if (snapshot.extendedStatistics.length === 0) return;
  await engine.run(
    "CREATE CAST (bytea AS pg_ndistinct) WITHOUT FUNCTION; CREATE CAST (bytea AS pg_dependencies) WITHOUT FUNCTION",
  );
  const positions = attributePositions(snapshot);
  const made = new Set<string>();
  for (const statistics of snapshot.extendedStatistics) {
    const name = quoteQualified(statistics.schema, statistics.name);
    const object = `statistics ${statistics.schema}.${statistics.name}`;
    if (!made.has(name)) {
      if (!(await runner.run({ object, forms: [statistics.ddl] }))) continue;
      made.add(name);
    }
    const columns = positions.get(quoteQualified(statistics.tableSchema, statistics.table));
    await runner.run({ object, forms: [dataInsert(statistics, columns ?? new Map())] });
  }
}

/** Dropped columns leave gaps in production's numbering that the twin does not have. */
function attributePositions(
  snapshot: DatabaseSnapshot,
): ReadonlyMap<string, ReadonlyMap<number, number>> {
  return new Map(
    snapshot.relations.map((relation) => [
      quoteQualified(relation.schema, relation.name),
      new Map(relation.columns.map((column, index) => [column.number, index + 1])),
    ]),
  );
}

function dataInsert(
  statistics: ExtendedStatistics,
  positions: ReadonlyMap<number, number>,
): string {
  // Expressions have negative numbers, which are the same everywhere.
  const renumber = <Item extends { readonly attributes: readonly number[] }>(item: Item): Item => ({
    ...item,
    attributes: item.attributes.map((attribute) => positions.get(attribute) ?? attribute),
  });
  const distinct =
    statistics.ndistinct === null
      ? "NULL"
      : bytesLiteral(serializeDistinct(parseDistinctItems(statistics.ndistinct).map(renumber)));
  const dependencies =
    statistics.dependencies === null
      ? "NULL"
      : bytesLiteral(
          serializeDependencies(parseDependencyItems(statistics.dependencies).map(renumber)),
        );
  return `INSERT INTO pg_statistic_ext_data (stxoid, stxdinherit, stxdndistinct, stxddependencies)
    SELECT s.oid, ${statistics.inherited}, ${distinct}::pg_ndistinct, ${dependencies}::pg_dependencies
      FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
     WHERE s.stxname = ${quoteLiteral(statistics.name)} AND n.nspname = ${quoteLiteral(statistics.schema)}`;
}

function bytesLiteral(bytes: Buffer): string {
  return `decode('${bytes.toString("hex")}', 'hex')`;
}
