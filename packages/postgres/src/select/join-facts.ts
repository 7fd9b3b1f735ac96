import type { ColumnFacts, ColumnType, TableFacts, UniqueKey } from "../catalog/table-facts.ts";
import type { JoinNode } from "./field-node.ts";

/** Whether a row on the left can never meet two rows of the joined table, which would multiply it. */
export function hasOneRowAtMost(node: JoinNode, left: TableFacts, joined: TableFacts): boolean {
  // Keys of a table do not reach the rows of those that inherit from it.
  if (joined.hasInheritors) return false;
  return joined.uniqueKeys.some((key) => isKeyMet(key, node, left, joined));
}

function isKeyMet(key: UniqueKey, node: JoinNode, left: TableFacts, joined: TableFacts): boolean {
  return key.columns.every((name, index) => {
    const column = joined.columns.get(name);
    const [from] = node.on.find(([, to]) => to === name) ?? [];
    const other = from === undefined ? undefined : left.columns.get(from);
    if (column === undefined || other === undefined) return false;
    return isComparedAsInKey(column, other.type, key.collations[index]?.sqlName);
  });
}

/**
 * Equal for the join must mean equal for the index. Across types it need not: two numerics can be one float. Nor across collations: "a" and "A" are two keys of an index by
 * bytes, and one for a column that ignores case.
 */
function isComparedAsInKey(
  column: ColumnFacts,
  other: ColumnType,
  keyCollation: string | undefined,
): boolean {
  const isBytewise = column.collation === undefined || column.collation.isDeterministic;
  return (
    equalityFamily(column.type) === equalityFamily(other) &&
    (isBytewise || column.collation?.sqlName === keyCollation)
  );
}

/** Types among which `=` compares without loss. */
function equalityFamily({ baseName }: ColumnType): string {
  if (["int2", "int4", "int8"].includes(baseName)) return "integers";
  if (["text", "varchar"].includes(baseName)) return "text";
  return baseName;
}

/**
 * Whether every row on the left is certain to meet one: by a foreign key that cannot be NULL and that the server keeps at all times. Then an inner join leaves nothing out, and need not be
 * there for that.
 */
export function hasOneRowAtLeast(node: JoinNode, left: TableFacts, joined: TableFacts): boolean {
  // A condition or a policy can hide the row that the key points to; keys do not reach the rows of inheriting tables.
  if (node.and !== undefined || joined.hasRowSecurity || left.hasInheritors) return false;
  return left.foreignKeys.some(
    (key) =>
      key.isProven &&
      key.referencedSchema === joined.schema &&
      key.referencedTable === joined.name &&
      key.columns.length === node.on.length &&
      key.columns.every(
        (column, index) =>
          left.columns.get(column)?.isNotNull === true &&
          node.on.some(([from, to]) => from === column && to === key.referencedColumns[index]),
      ),
  );
}
