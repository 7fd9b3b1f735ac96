import type { IndexId } from "../../planner/planner.ts";
import { buildIndexes, type IndexBuilder } from "../candidates/index-builder.ts";
import type { IndexRegistry, RegisteredIndex } from "../candidates/index-registry.ts";
import { readIndexCatalog } from "../storage/index-catalog.ts";
import type { StatisticsLookup } from "../storage/statistics-lookup.ts";
import { leadingCorrelationSql, plainTwinSql } from "./plain-twin-index.ts";

/** Keeps one double without skip scan per index that ever needed one. */
export class PlainTwins {
  readonly #builder: IndexBuilder;
  readonly #registry: IndexRegistry;
  readonly #lookup: StatisticsLookup;
  /** Original -> its double; `null` where none can be made. */
  readonly #twins = new Map<IndexId, IndexId | null>();
  readonly #keys = new Map<IndexId, readonly string[]>();

  constructor(builder: IndexBuilder, registry: IndexRegistry, lookup: StatisticsLookup) {
    this.#builder = builder;
    this.#registry = registry;
    this.#lookup = lookup;
  }

  isTwin(id: IndexId): boolean {
    return id.startsWith(TWIN_PREFIX);
  }

  /** Texts of the keys of an index that may skip. */
  async loadKeys(ids: Iterable<IndexId>): Promise<(id: IndexId) => readonly string[] | undefined> {
    for (const id of ids) {
      const registered = this.#registry.get(id);
      const oid = registered?.oids[0];
      if (registered === undefined || oid === undefined || this.#keys.has(id)) continue;
      const [catalog] =
        registered.method === "btree" && registered.keyCount > 1
          ? await readIndexCatalog(this.#builder.engine, [oid])
          : [];
      this.#keys.set(
        id,
        catalog?.columns.slice(0, catalog.keyCount).map((column) => column.text) ?? [],
      );
    }
    return (id) => this.#keys.get(id);
  }

  async twinOf(id: IndexId): Promise<IndexId | null> {
    const known = this.#twins.get(id);
    if (known !== undefined) return known;
    const twin = await this.#build(id);
    this.#twins.set(id, twin);
    return twin;
  }

  async #build(id: IndexId): Promise<IndexId | null> {
    const original = this.#registry.get(id);
    const oid = original?.oids[0];
    if (original === undefined || oid === undefined) return null;
    const [catalog] = await readIndexCatalog(this.#builder.engine, [oid]);
    if (catalog === undefined) return null;
    const name = `${TWIN_PREFIX}${oid}`;
    const [built] = await buildIndexes(this.#builder, [
      {
        schema: catalog.schema,
        table: catalog.table,
        name,
        sql: plainTwinSql(catalog, name),
        measure: (part) => sizeOf(original, part.tableOid),
      },
    ]);
    if (built === undefined || "refused" in built) return null;
    await this.#restoreCorrelation(original, built.parts);
    this.#registry.addStandIn(
      {
        index: { ...original.index, id: name, name, canHide: true },
        method: "btree",
        keyCount: original.keyCount,
        oids: built.oids,
        parts: built.parts,
      },
      original,
    );
    return name;
  }

  async #restoreCorrelation(
    original: RegisteredIndex,
    parts: RegisteredIndex["parts"],
  ): Promise<void> {
    const catalog = await readIndexCatalog(
      this.#builder.engine,
      parts.map((part) => part.oid),
    );
    for (const part of catalog) {
      // The double's first key is an expression; the original's is what the statistics are of.
      const originalPart = original.parts.find((candidate) => candidate.tableOid === part.tableOid);
      const [first] =
        originalPart === undefined
          ? []
          : await readIndexCatalog(this.#builder.engine, [originalPart.oid]);
      const leading = first?.columns[0];
      if (first === undefined || leading === undefined) continue;
      const statistics =
        leading.column === null
          ? this.#lookup.expression(first.schema, first.name, 1)
          : this.#lookup.column(first.schema, first.table, leading.column);
      if (statistics === undefined) continue;
      await this.#builder.engine.run(leadingCorrelationSql(part.schema, part.name, statistics));
    }
  }
}

/** No name that a person gives: it would have to be quoted. */
const TWIN_PREFIX = "Upshift plain ";

function sizeOf(
  original: RegisteredIndex,
  tableOid: number,
): { readonly pages: number; readonly rows: number; readonly height: number } {
  const part = original.parts.find((candidate) => candidate.tableOid === tableOid);
  return { pages: part?.pages ?? 1, rows: part?.rows ?? 0, height: part?.height ?? 0 };
}
