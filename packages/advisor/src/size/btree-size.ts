import { duplicateGroups } from "./duplicate-groups.ts";
import { deduplicatedLeaf, type LeafContents, plainLeaf } from "./leaf-contents.ts";
import { expectedDataBytes, type FieldWidths, isFixedLayout } from "./field-layout.ts";

export interface BtreeKey extends FieldWidths {
  /** Distinct non-NULL values among the indexed rows. */
  readonly distinct: number;
  /**
   * Equal values are the same bytes, so that duplicates may share one tuple. Not so for numeric, floats, jsonb, arrays and
   * other containers, and under non-deterministic collations.
   */
  readonly isEqualImage: boolean;
}

export interface BtreeShape {
  readonly rows: number;
  readonly keys: readonly BtreeKey[];
  /** Columns of INCLUDE; one is enough to switch deduplication off. */
  readonly include: readonly FieldWidths[];
  /** 10..100; 90 where none is set. */
  readonly fillfactorPercent?: number;
  /** Distinct combinations of all keys; by default estimated from the single columns as if they were independent. */
  readonly distinctKeys?: number | undefined;
  /** Rows of the heaviest keys, where known (single-column indexes: most common values and NULLs). */
  readonly heavyKeys?: readonly number[] | undefined;
}

export interface BtreeSize {
  /** Pages of 8 kB, metapage included. */
  readonly pages: number;
  /** Levels above the leaves. */
  readonly height: number;
}

const PAGE_BYTES = 8192;
/** Page less its header (24) and the B-tree's own data at its end (16). */
const USABLE_BYTES = 8152;
const LINE_POINTER_BYTES = 4;
const TUPLE_HEADER_BYTES = 8;
/** Header with a bitmap of NULLs. */
const NULL_BITMAP_BYTES = 8;
const DEFAULT_FILLFACTOR_PERCENT = 90;
/** BTREE_NONLEAF_FILLFACTOR */
const INNER_FILLFACTOR_PERCENT = 70;

/**
 * Size of a B-tree right after CREATE INDEX.
 *
 * Within -5 and +2 % on the shapes of `twin-index-size.test.ts`. An index that has lived is larger.
 * Sources: PostgreSQL 18, src/backend/access/nbtree/nbtsort.c (_bt_buildadd, page fill), nbtdedup.c (_bt_dedup_save_htid,
 * _bt_form_posting), nbtutils.c (_bt_truncate)
 */
export function btreeSize(shape: BtreeShape): BtreeSize {
  if (shape.rows < 1) return { pages: 1, height: 0 };
  const distinctKeys = Math.max(1, shape.distinctKeys ?? independentDistinct(shape));
  const leaf = leafOf(shape, distinctKeys);
  const leaves = Math.ceil(leafPages(leaf, shape));
  const upper = upperLevels(leaves, pivotBytes(shape, leaf.tuples + leaf.fullLists, distinctKeys));
  return { pages: 1 + leaves + upper.pages, height: upper.levels };
}

/** Height of an existing B-tree by its size; `keys` and `rows` as for a new one. */
export function btreeHeight(pages: number, shape: BtreeShape): number {
  if (pages <= 1) return 0;
  const distinctKeys = Math.max(1, shape.distinctKeys ?? independentDistinct(shape));
  const leaf = leafOf(shape, distinctKeys);
  const pivot = pivotBytes(shape, leaf.tuples + leaf.fullLists, distinctKeys);
  const innerShare = 1 / tuplesPerPage(pivot, INNER_FILLFACTOR_PERCENT, false);
  return upperLevels(Math.max(1, Math.round((pages - 1) * (1 - innerShare))), pivot).levels;
}

/** Distinct combinations of independent columns that `rows` draws meet. */
function independentDistinct({ keys, rows }: BtreeShape): number {
  const possible = keys.reduce((product, key) => product * Math.max(1, key.distinct), 1);
  const single = Math.max(...keys.map((key) => key.distinct));
  if (keys.length === 1) return Math.min(rows, single);
  // Rows with a key of their own stay so, whatever is added to it.
  return Math.min(rows, Math.max(single, possible * -Math.expm1(-rows / possible)));
}

function deduplicates({ keys, include }: BtreeShape): boolean {
  return include.length === 0 && keys.every((key) => key.isEqualImage);
}

function leafOf(shape: BtreeShape, distinctKeys: number): LeafContents {
  const keyBytes = leafKeyBytes([...shape.keys, ...shape.include]);
  if (!deduplicates(shape)) return plainLeaf(keyBytes, shape.rows);
  const { rows, heavyKeys = [] } = shape;
  return deduplicatedLeaf(keyBytes, duplicateGroups({ rows, distinctKeys, heavyKeys }));
}

/** Header and data of a leaf tuple. MAXALIGN(8) is 8, and with a bitmap of NULLs MAXALIGN(8 + 4) is 16. */
function leafKeyBytes(fields: readonly FieldWidths[]): number {
  const withNull = 1 - fields.reduce((share, field) => share * (1 - field.nullFraction), 1);
  return Math.max(
    16,
    TUPLE_HEADER_BYTES + NULL_BITMAP_BYTES * withNull + expectedDataBytes(fields),
  );
}

function leafPages(leaf: LeafContents, shape: BtreeShape): number {
  const fillfactor = shape.fillfactorPercent ?? DEFAULT_FILLFACTOR_PERCENT;
  let pages = 0;
  if (leaf.fullLists > 0) {
    pages += leaf.fullLists / tuplesPerPage(leaf.fullListBytes / leaf.fullLists, fillfactor, true);
  }
  if (leaf.tuples > 0) {
    const isUnique = leaf.tuples > shape.rows * 0.999;
    const isFixed = isUnique && isFixedLayout([...shape.keys, ...shape.include]);
    pages += leaf.tuples / tuplesPerPage(leaf.tupleBytes / leaf.tuples, fillfactor, isFixed);
  }
  return pages;
}

/**
 * A page is full once less than the fill factor's share is free; its last tuple then moves on and a high key takes its
 * place. A mix of sizes stops half a tuple earlier on average.
 */
function tuplesPerPage(tupleBytes: number, fillfactorPercent: number, isFixed: boolean): number {
  const reserved = Math.floor((PAGE_BYTES * (100 - fillfactorPercent)) / 100);
  const room = (USABLE_BYTES - 2 * LINE_POINTER_BYTES - reserved) / tupleBytes;
  return Math.max(1, isFixed ? Math.floor(room) : room - 0.5);
}

/**
 * Bytes of a tuple of the inner pages: as many leading keys as tell two neighbouring leaves apart, and the row's address
 * where no key does.
 */
function pivotBytes(shape: BtreeShape, leafTuples: number, distinctKeys: number): number {
  let distinct = 1;
  for (const [position, key] of shape.keys.entries()) {
    distinct = Math.min(distinctKeys, distinct * Math.max(1, key.distinct));
    if (distinct >= leafTuples / 2) {
      const kept = shape.keys.slice(0, position + 1);
      return TUPLE_HEADER_BYTES + expectedDataBytes(kept) + LINE_POINTER_BYTES;
    }
  }
  return TUPLE_HEADER_BYTES + expectedDataBytes(shape.keys) + 8 + LINE_POINTER_BYTES;
}

function upperLevels(
  leaves: number,
  pivot: number,
): { readonly pages: number; readonly levels: number } {
  const fanOut = Math.max(2, tuplesPerPage(pivot, INNER_FILLFACTOR_PERCENT, false));
  let pages = 0;
  let levels = 0;
  for (let width = leaves; width > 1; levels += 1) {
    width = Math.ceil(width / fanOut);
    pages += width;
  }
  return { pages, levels };
}
