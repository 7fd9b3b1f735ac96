import { InvalidArgumentError } from "@upshift/foundation";
import type { TableFacts } from "../../catalog/table-facts.ts";
import { type Key, keyOf } from "./conflict-sql.ts";

/**
 * The columns that rows of a table are found by: those that the caller names, else the primary key.
 *
 * @throws {UnknownColumnError}
 * @throws {InvalidArgumentError} when they do not hold a whole unique key: an input row must not meet several rows
 */
export function rowKey(table: TableFacts, names: readonly string[] | undefined): Key {
  const wanted = names ?? table.primaryKey;
  const label = `"${table.schema}.${table.name}"`;
  if (wanted.length === 0)
    throw new InvalidArgumentError(`\`key\` for ${label}, which has no primary key`, "none");
  const key = keyOf(table, wanted);
  const isUnique = table.uniqueKeys.some(({ columns }) =>
    columns.every((name) => wanted.includes(name)),
  );
  if (isUnique) return key;
  const known = table.uniqueKeys.map(({ columns }) => `(${columns.join(", ")})`).join(" ");
  throw new InvalidArgumentError(
    `\`key\` with all columns of a unique key of ${label} (it has ${known || "none"})`,
    `(${wanted.join(", ")})`,
  );
}
