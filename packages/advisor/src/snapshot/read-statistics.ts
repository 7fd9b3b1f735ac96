import type { Read } from "../session/read-only-session.ts";
import type { ColumnStatistics, ExtendedStatistics } from "./database-snapshot.ts";
import { columnStatisticsSql, extendedStatisticsSql } from "./sql/statistics-sql.ts";
import type { SqlScope } from "./sql/user-objects.ts";

interface ColumnStatisticsRow {
  readonly schema: string;
  readonly relation: string;
  readonly column: string;
  readonly number: number;
  readonly inherited: boolean;
  readonly null_fraction: number;
  readonly average_width_bytes: number;
  readonly distinct: number;
  readonly most_common_values: string | null;
  readonly most_common_frequencies: readonly number[] | null;
  readonly histogram_bounds: string | null;
  readonly correlation: number | null;
  readonly most_common_elements: string | null;
  readonly most_common_element_frequencies: readonly number[] | null;
  readonly element_count_histogram: readonly number[] | null;
  readonly range_length_histogram: string | null;
  readonly range_empty_fraction: number | null;
  readonly range_bounds_histogram: string | null;
}

export async function readColumnStatistics(
  read: Read,
  scope: SqlScope,
): Promise<readonly ColumnStatistics[]> {
  const rows = await read<ColumnStatisticsRow>(columnStatisticsSql(scope));
  return rows.map((row) => ({
    schema: row.schema,
    relation: row.relation,
    column: row.column,
    number: row.number,
    inherited: row.inherited,
    nullFraction: row.null_fraction,
    averageWidthBytes: row.average_width_bytes,
    distinct: row.distinct,
    mostCommonValues: row.most_common_values,
    mostCommonFrequencies: row.most_common_frequencies,
    histogramBounds: row.histogram_bounds,
    correlation: row.correlation,
    mostCommonElements: row.most_common_elements,
    mostCommonElementFrequencies: row.most_common_element_frequencies,
    elementCountHistogram: row.element_count_histogram,
    rangeLengthHistogram: row.range_length_histogram,
    rangeEmptyFraction: row.range_empty_fraction,
    rangeBoundsHistogram: row.range_bounds_histogram,
  }));
}

/** Extended statistics with what decides who sees their data. */
export interface ExtendedStatisticsFacts {
  readonly statistics: ExtendedStatistics;
  readonly isCollected: boolean;
  readonly isOwner: boolean;
  readonly owner: string;
}

interface ExtendedStatisticsRow {
  readonly schema: string;
  readonly name: string;
  readonly table_schema: string;
  readonly table: string;
  readonly ddl: string;
  readonly inherited: boolean;
  readonly ndistinct: string | null;
  readonly dependencies: string | null;
  readonly is_collected: boolean;
  readonly is_owner: boolean;
  readonly owner: string;
}

export async function readExtendedStatistics(
  read: Read,
  scope: SqlScope,
): Promise<readonly ExtendedStatisticsFacts[]> {
  const rows = await read<ExtendedStatisticsRow>(extendedStatisticsSql(scope));
  return rows.map((row) => ({
    isCollected: row.is_collected,
    isOwner: row.is_owner,
    owner: row.owner,
    statistics: {
      schema: row.schema,
      name: row.name,
      tableSchema: row.table_schema,
      table: row.table,
      ddl: row.ddl,
      inherited: row.inherited,
      ndistinct: row.ndistinct,
      dependencies: row.dependencies,
    },
  }));
}
