/** What the last vacuum or analyze stored, and what is on disk now. */
export interface StoredSize {
  readonly analyzedPages: number;
  readonly analyzedRows: number;
  readonly currentPages: number;
}

/**
 * Rows of a table as the planner extrapolates them: density of the last analyze times the pages of now.
 *
 * @returns whole rows; -1 where the planner has no density and guesses from the row's width
 * Source: PostgreSQL 18, src/backend/access/table/tableam.c, table_block_relation_estimate_size
 */
export function plannerTableRows({
  analyzedPages,
  analyzedRows,
  currentPages,
}: StoredSize): number {
  if (analyzedRows < 0) return -1;
  if (currentPages === 0) return 0;
  if (analyzedPages === 0) return -1;
  return Math.round((analyzedRows / analyzedPages) * currentPages);
}

/**
 * Entries of an index as the planner extrapolates them; the first page is the metapage and holds none.
 *
 * Source: PostgreSQL 18, src/backend/optimizer/util/plancat.c, estimate_rel_size
 */
export function plannerIndexRows({
  analyzedPages,
  analyzedRows,
  currentPages,
}: StoredSize): number {
  if (analyzedRows < 0) return -1;
  if (currentPages === 0) return 0;
  if (analyzedPages <= 1 || currentPages <= 1) return Math.round(analyzedRows);
  return Math.round((analyzedRows / (analyzedPages - 1)) * (currentPages - 1));
}
