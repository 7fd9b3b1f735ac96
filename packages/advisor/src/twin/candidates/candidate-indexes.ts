import type { IndexDefinition, PlannerIndex } from "../../planner/planner.ts";
import { DatabaseError } from "../engine/database-error.ts";
import { quoteQualified } from "../sql-text.ts";
import { PAGE_BYTES } from "../storage/page-checksum.ts";
import type { IndexSizing } from "../storage/sizing.ts";
import type { StatisticsLookup } from "../storage/statistics-lookup.ts";
import { candidateFacts } from "./candidate-facts.ts";
import {
  type BuiltIndex,
  buildIndexes,
  type IndexBuilder,
  type IndexToBuild,
} from "./index-builder.ts";
import { createIndexSql } from "./index-ddl.ts";
import { indexName } from "./index-name.ts";
import type { IndexRegistry } from "./index-registry.ts";

export interface CandidateIndexesOptions {
  readonly builder: IndexBuilder;
  readonly registry: IndexRegistry;
  readonly sizing: IndexSizing;
  readonly lookup: StatisticsLookup;
  /** Names of relations that exist, quoted and qualified: an index may not have one of them. */
  readonly takenNames: Set<string>;
}

/** Adds indexes that do not exist in production. */
export class CandidateIndexes {
  readonly #options: CandidateIndexesOptions;

  constructor(options: CandidateIndexesOptions) {
    this.#options = options;
  }

  async add(
    definitions: readonly IndexDefinition[],
  ): Promise<readonly (PlannerIndex | { readonly refused: string })[]> {
    const prepared: (IndexToBuild | { readonly refused: string })[] = [];
    for (const definition of definitions) prepared.push(await this.#prepare(definition));
    const built = await buildIndexes(
      this.#options.builder,
      prepared.filter((index) => "sql" in index),
    );
    let next = 0;
    return prepared.map((index) => {
      if ("refused" in index) return index;
      const result = built[next++];
      if (result === undefined) return { refused: "it was not built" };
      if ("refused" in result) {
        this.#options.takenNames.delete(quoteQualified(index.schema, index.name));
        return result;
      }
      return this.#register(result, index);
    });
  }

  /** Estimates need the table as it is, so they come before the building, which shows it empty. */
  async #prepare(
    definition: IndexDefinition,
  ): Promise<IndexToBuild | { readonly refused: string }> {
    const { builder, lookup, sizing, takenNames } = this.#options;
    const { schema, table } = definition;
    if (lookup.table(schema, table) === undefined) {
      return { refused: `there is no table ${schema}.${table}` };
    }
    const name = indexName(definition, (candidate) =>
      takenNames.has(quoteQualified(schema, candidate)),
    );
    const sql = createIndexSql(definition, name);
    try {
      // Proves that expressions and predicate do not end the statement and start another: later ones are sent where several run.
      await builder.engine.describe(sql);
      const facts = await candidateFacts(builder.engine, lookup, definition);
      takenNames.add(quoteQualified(schema, name));
      return {
        schema,
        table,
        name,
        sql,
        measure: (index) => sizing.newIndex(index, facts.of(index)),
      };
    } catch (error) {
      if (error instanceof DatabaseError) return { refused: error.safeMessage };
      throw error;
    }
  }

  #register(built: BuiltIndex, { schema, table, name }: IndexToBuild): PlannerIndex {
    const pages = built.parts.reduce((sum, part) => sum + part.pages, 0);
    const index: PlannerIndex = {
      id: quoteQualified(schema, name),
      origin: "candidate",
      schema,
      table,
      name,
      // A partitioned parent's own definition says ONLY; as a statement that would leave its partitions without.
      ddl: built.top.definition.replace(/ ON ONLY /u, " ON "),
      sizeBytes: pages * PAGE_BYTES,
      canHide: true,
    };
    this.#options.registry.add(
      {
        index,
        method: built.top.method,
        keyCount: built.top.keyCount,
        // The top one first: its definition stands for all.
        oids: [built.top.oid, ...built.oids.filter((oid) => oid !== built.top.oid)],
        parts: built.parts,
      },
      false,
    );
    return index;
  }
}
