/** What the sizes of indexes other than B-trees depend on. */
export interface IndexedData {
  readonly rows: number;
  readonly tablePages: number;
  /** Average width of one entry's keys. */
  readonly keyBytes: number;
  /** GIN: elements per row. */
  readonly elementsPerRow: number;
}

const PAGE_BYTES = 8192;

/** Rows per bucket: three quarters of a page over MAXALIGN(8 + 4) + 4 bytes. Source: src/backend/access/hash/hashpage.c, _hash_init */
const HASH_BUCKET_ROWS = 307;

/** A GIN posting: 3.4 to 6.8 bytes per row and element on the measured columns. */
const GIN_POSTING_BYTES = 5;

/** Pages of a table that one BRIN entry stands for. */
const BRIN_RANGE_PAGES = 128;

/** Entries of one page of the map from range to entry. Source: src/include/access/brin_page.h, REVMAP_PAGE_MAXITEMS */
const BRIN_REVMAP_ENTRIES = 1360;

/** Buckets come in powers of two, above 512 in quarters of the next power. */
export function hashPages({ rows }: IndexedData): number {
  const wanted = Math.max(2, Math.ceil(rows / HASH_BUCKET_ROWS));
  const power = 2 ** Math.ceil(Math.log2(wanted));
  const buckets =
    power <= 512 ? power : power / 2 + Math.ceil((wanted - power / 2) / (power / 8)) * (power / 8);
  const bitmapPages = 1;
  return 1 + buckets + bitmapPages;
}

export function ginPages({ rows, elementsPerRow }: IndexedData): number {
  return 2 + Math.ceil((rows * elementsPerRow * GIN_POSTING_BYTES) / PAGE_BYTES);
}

/** GiST and SP-GiST: entries on pages that splits leave about two thirds full. */
export function treePages({ rows, keyBytes }: IndexedData): number {
  const entryBytes = Math.ceil((8 + keyBytes) / 8) * 8 + 4;
  return 1 + Math.ceil((rows * entryBytes) / (PAGE_BYTES * 0.7));
}

/** Two values per key and range. */
export function brinPages({ tablePages, keyBytes }: IndexedData): number {
  const ranges = Math.max(1, Math.ceil(tablePages / BRIN_RANGE_PAGES));
  const entryBytes = Math.ceil((8 + 2 * keyBytes) / 8) * 8 + 4;
  return 1 + brinRevmapPages(tablePages) + Math.ceil((ranges * entryBytes) / 8000);
}

function brinRevmapPages(tablePages: number): number {
  return Math.max(1, Math.ceil(tablePages / BRIN_RANGE_PAGES / BRIN_REVMAP_ENTRIES));
}
