import type {
  ColumnStatistics,
  DatabaseSnapshot,
  Relation,
} from "../../snapshot/database-snapshot.ts";
import { parseDistinctItems } from "../statistics/extended-statistics-bytes.ts";
import { quoteQualified } from "../sql-text.ts";

/** The snapshot's tables and statistics by name. */
export class StatisticsLookup {
  readonly #tables = new Map<string, Relation>();
  readonly #partitions = new Map<string, Relation[]>();
  readonly #columns = new Map<string, ColumnStatistics>();
  readonly #snapshot: DatabaseSnapshot;

  constructor(snapshot: DatabaseSnapshot) {
    this.#snapshot = snapshot;
    for (const relation of snapshot.relations) {
      this.#tables.set(quoteQualified(relation.schema, relation.name), relation);
      if (relation.partitionBound === null) continue;
      for (const parent of relation.parents) {
        const name = quoteQualified(parent.schema, parent.name);
        this.#partitions.set(name, [...(this.#partitions.get(name) ?? []), relation]);
      }
    }
    for (const statistics of snapshot.columnStatistics) {
      const relation = quoteQualified(statistics.schema, statistics.relation);
      for (const column of [statistics.column, String(statistics.number)]) {
        const key = JSON.stringify([relation, column]);
        // A table's own rows before those of its whole inheritance tree.
        if (!statistics.inherited || !this.#columns.has(key)) this.#columns.set(key, statistics);
      }
    }
  }

  table(schema: string, name: string): Relation | undefined {
    return this.#tables.get(quoteQualified(schema, name));
  }

  /** The tables with rows of their own that an index on this one covers: itself, or the partitions below it. */
  leaves(schema: string, name: string): readonly Relation[] {
    const relation = this.table(schema, name);
    if (relation === undefined) return [];
    if (relation.kind !== "partitioned") return [relation];
    return (this.#partitions.get(quoteQualified(schema, name)) ?? []).flatMap((partition) =>
      this.leaves(partition.schema, partition.name),
    );
  }

  column(schema: string, table: string, column: string): ColumnStatistics | undefined {
    return this.#columns.get(JSON.stringify([quoteQualified(schema, table), column]));
  }

  /** @param position - of the expression in the index, 1-based */
  expression(schema: string, index: string, position: number): ColumnStatistics | undefined {
    return this.#columns.get(JSON.stringify([quoteQualified(schema, index), String(position)]));
  }

  /** What CREATE STATISTICS (ndistinct) knows of exactly these columns. */
  distinctCombinations(
    schema: string,
    table: string,
    columns: readonly (string | null)[],
  ): number | undefined {
    const relation = this.table(schema, table);
    if (relation === undefined || columns.length < 2) return undefined;
    const numbers = columns.map(
      (name) => relation.columns.find((column) => column.name === name)?.number,
    );
    for (const statistics of this.#snapshot.extendedStatistics) {
      if (statistics.tableSchema !== schema || statistics.table !== table) continue;
      for (const item of parseDistinctItems(statistics.ndistinct ?? "")) {
        const isSame =
          item.attributes.length === numbers.length &&
          numbers.every((number) => number !== undefined && item.attributes.includes(number));
        if (isSame) return item.distinct;
      }
    }
    return undefined;
  }
}
