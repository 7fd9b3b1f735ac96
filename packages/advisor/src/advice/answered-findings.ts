import type { Finding } from "@upshift/findings";
import type { AdvisedIndex } from "../advice.ts";
import type { UnindexedForeignKey } from "../audit/unindexed-foreign-keys.ts";

/** Findings of foreign keys that no advised index serves. */
export function unanswered(
  foreignKeys: readonly UnindexedForeignKey[],
  indexes: readonly AdvisedIndex[],
): readonly Finding[] {
  return foreignKeys
    .filter(({ constraint }) => !indexes.some((index) => serves(index, constraint)))
    .map(({ finding }) => finding);
}

function serves(
  { definition }: AdvisedIndex,
  { schema, table, columns }: UnindexedForeignKey["constraint"],
): boolean {
  const first = new Set(
    definition.keys.slice(0, columns.length).map(({ expression }) => expression),
  );
  return (
    definition.schema === schema &&
    definition.table === table &&
    definition.method === "btree" &&
    definition.predicate === null &&
    columns.every((column) => first.has(column))
  );
}
