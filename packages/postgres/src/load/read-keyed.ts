import type { Queryable, Row } from "../connection/queryable.ts";
import { runStatement } from "../connection/run-statement.ts";
import { type Abortable, withConnection } from "../connection/with-connection.ts";
import type { KeyedStatement } from "./keyed-select.ts";
import { type KeyTexts, toArrayText } from "./key-texts.ts";

/**
 * The rows of each key, in the order of the keys: one statement, none without keys.
 *
 * @throws what the driver throws, or `signal.reason`
 */
export async function readKeyed(
  db: Queryable,
  statement: KeyedStatement,
  keys: readonly KeyTexts[],
  { signal }: Abortable = {},
): Promise<readonly (readonly Row[])[]> {
  const [first] = keys;
  if (first === undefined) return [];
  const arrays = first.map((_, part) => toArrayText(keys.map((key) => key[part] ?? null)));
  const compiled = { ...statement.with(arrays), isPrepared: true };
  const { rows } =
    signal === undefined
      ? await runStatement(db, compiled)
      : await withConnection(db, (connection) => connection.run(compiled), { signal });
  const byKey = keys.map((): Row[] => []);
  const { placeColumn, columnNames } = statement;
  // Own properties, whatever their names: "__proto__" too.
  const empty: Row = Object.fromEntries(columnNames.map((name) => [name, null]));
  for (const row of rows) {
    const own: Row = { ...empty };
    for (const name of columnNames) own[name] = row[name];
    byKey[Number(row[placeColumn]) - 1]?.push(own);
  }
  return byKey;
}
