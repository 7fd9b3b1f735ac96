import type { Engine } from "../engine/engine.ts";

export interface RelationSize {
  readonly oid: number;
  readonly pages: number;
  /** -1: never analysed; PostgreSQL then has no pages on record either, whatever the file's length. */
  readonly rows: number;
  /** Tables only. */
  readonly allVisiblePages?: number;
  readonly allFrozenPages?: number;
}

const BATCH_SIZE = 500;

/**
 * Sets what the planner reads of `pg_class`.
 *
 * Every updated row also makes the session forget what it knows of the relation, so this comes after the file was changed.
 * Not `pg_restore_relation_stats`: it refuses indexes of partitioned parents and costs a call per relation.
 */
export async function restoreRelationSizes(
  engine: Engine,
  sizes: readonly RelationSize[],
): Promise<void> {
  for (let start = 0; start < sizes.length; start += BATCH_SIZE) {
    const rows = sizes
      .slice(start, start + BATCH_SIZE)
      .map(
        (size) =>
          `(${size.oid}::oid, ${size.rows < 0 ? 0 : size.pages}, ${size.rows}::real, ${Math.min(size.allVisiblePages ?? 0, size.pages)}, ${Math.min(size.allFrozenPages ?? 0, size.pages)})`,
      );
    await engine.run(
      `UPDATE pg_class c SET relpages = v.pages, reltuples = v.rows, relallvisible = v.visible, relallfrozen = v.frozen
         FROM (VALUES ${rows.join(", ")}) v(oid, pages, rows, visible, frozen) WHERE c.oid = v.oid`,
    );
  }
}
