import { ginPages, hashPages, brinPages, treePages } from "../../size/access-method-size.ts";
import { btreeHeight, btreeSize } from "../../size/btree-size.ts";
import type { DatabaseSnapshot } from "../../snapshot/database-snapshot.ts";
import type { CatalogIndex } from "./index-catalog.ts";
import { type ExpressionEstimate, indexShape } from "./index-shape.ts";
import { StatisticsLookup } from "./statistics-lookup.ts";

/** Of one file: pages, entries, and the levels of a B-tree above its leaves. */
export interface IndexMeasure {
  readonly pages: number;
  readonly rows: number;
  readonly height: number;
}

export interface NewIndexFacts {
  /** Rows the index will hold: the table's, or those that fit its predicate. */
  readonly rows: number;
  readonly tableRows: number;
  readonly expressions: ReadonlyMap<number, ExpressionEstimate>;
}

/** Elements per row where no histogram of their number is known. */
const UNKNOWN_ELEMENTS = 8;

/** Measures existing and future indexes from the snapshot's statistics. */
export class IndexSizing {
  readonly #lookup: StatisticsLookup;

  constructor(snapshot: DatabaseSnapshot) {
    this.#lookup = new StatisticsLookup(snapshot);
  }

  /** Levels of an index whose pages are known from production. */
  existingHeight(index: CatalogIndex, pages: number, rows: number): number {
    if (index.method !== "btree") return 0;
    const table = this.#lookup.table(index.schema, index.table);
    const shape = indexShape({
      index,
      rows: Math.max(0, rows),
      tableRows: Math.max(0, table?.rows ?? rows),
      statistics: (column) => this.#statistics(index, column),
    });
    return btreeHeight(pages, shape);
  }

  /** An index right after it is built. */
  newIndex(index: CatalogIndex, facts: NewIndexFacts): IndexMeasure {
    const { rows } = facts;
    const statistics = (column: string | number) => this.#statistics(index, column);
    const shape = indexShape({
      index,
      rows,
      tableRows: facts.tableRows,
      statistics,
      expressions: facts.expressions,
    });
    if (index.method === "btree") {
      const distinctKeys = this.#lookup.distinctCombinations(
        index.schema,
        index.table,
        index.columns.slice(0, index.keyCount).map((column) => column.column),
      );
      return { ...btreeSize({ ...shape, distinctKeys }), rows };
    }
    const keyBytes = shape.keys.reduce(
      (bytes, key) => bytes + key.widths.reduce((sum, width) => sum + width.bytes * width.share, 0),
      0,
    );
    const first = index.columns[0];
    const elements = first === undefined ? undefined : statistics(first.column ?? 1);
    const data = {
      rows,
      tablePages: this.#lookup.table(index.schema, index.table)?.pages ?? 0,
      keyBytes,
      elementsPerRow: elements?.elementCountHistogram?.at(-1) ?? UNKNOWN_ELEMENTS,
    };
    return { pages: pagesByMethod(index.method, data), rows, height: 0 };
  }

  #statistics(index: CatalogIndex, column: string | number) {
    return typeof column === "string"
      ? this.#lookup.column(index.schema, index.table, column)
      : this.#lookup.expression(index.schema, index.name, column);
  }
}

function pagesByMethod(method: string, data: Parameters<typeof hashPages>[0]): number {
  switch (method) {
    case "hash":
      return hashPages(data);
    case "gin":
      return ginPages(data);
    case "brin":
      return brinPages(data);
    default:
      return treePages(data);
  }
}
