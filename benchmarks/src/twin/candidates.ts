import type { IndexDefinition, IndexId, Twin } from "@upshift/advisor";

const COLUMNS: readonly (readonly [table: string, ...columns: string[]])[] = [
  ["orders", "tenant_id", "placed_at"],
  ["orders", "status", "placed_at"],
  ["order_items", "product_id"],
  ["users", "country", "created_at"],
  ["comments", "author_id", "created_at"],
  ["posts", "author_id", "published_at"],
];

/** Indexes that the advisor would try on the store. @returns ids of what may be hidden, then of the added */
export async function candidates(
  twin: Twin,
): Promise<readonly [existing: readonly IndexId[], added: readonly IndexId[]]> {
  const existing = twin.indexes().map((index) => index.id);
  const results = await twin.addIndexes(COLUMNS.map(definition));
  const added = results.map((result) => {
    if ("refused" in result) throw new Error(`a candidate was refused: ${result.refused}`);
    return result.id;
  });
  return [existing, added];
}

function definition([table, ...columns]: readonly [string, ...string[]]): IndexDefinition {
  return {
    schema: "public",
    table,
    method: "btree",
    keys: columns.map((expression) => ({
      expression,
      isColumn: true,
      direction: "asc",
      nulls: "last",
      opclass: null,
    })),
    include: [],
    predicate: null,
  };
}
