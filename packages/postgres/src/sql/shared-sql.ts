import { sqlFromNumbered } from "./sql-from-numbered.ts";
import type { Sql } from "./sql.ts";

/**
 * The same piece for several places of one statement: each of its values is sent once, however often it is set in.
 *
 * @throws {InvalidArgumentError} when its text ends inside of a string, comment or quoted name
 */
export function sharedSql(piece: Sql): Sql {
  const { text, values } = piece.compile();
  return sqlFromNumbered(text, values);
}
