import type { DatabaseSnapshot } from "../../snapshot/database-snapshot.ts";
import type { Engine } from "../engine/engine.ts";
import { quoteLiteral } from "../sql-text.ts";
import type { StatementRunner } from "./statement-runner.ts";

/**
 * Makes the collations that columns and index keys name.
 *
 * Those of people come with their definition. Those of the operating system (`de_DE.utf8`, `"de-x-icu"`) are ICU's root
 * locale under their name: the planner only asks whether a collation is C and deterministic.
 */
export async function replayCollations(
  engine: Engine,
  runner: StatementRunner,
  snapshot: DatabaseSnapshot,
): Promise<void> {
  for (const collation of snapshot.collations ?? []) {
    const object = `collation ${collation.schema}.${collation.name}`;
    const isMade = await runner.run({ object, forms: [collation.ddl] });
    if (isMade && /\bDETERMINISTIC = false\b/u.test(collation.ddl)) {
      runner.note({
        object,
        reason:
          "texts that it takes for equal are different ones in the twin; their rows are estimated apart",
      });
    }
  }
  const wanted = new Set<string>();
  for (const relation of snapshot.relations) {
    for (const column of relation.columns) {
      if (column.collation !== null) wanted.add(column.collation);
    }
  }
  for (const index of snapshot.indexes) {
    for (const key of index.keys) if (key.collation !== null) wanted.add(key.collation);
  }
  for (const name of wanted) {
    const [known] = await engine.run(`SELECT to_regcollation(${quoteLiteral(name)}) AS oid`);
    if (known?.["oid"] !== null) continue;
    await runner.run({
      object: `collation ${name}`,
      // Unqualified names of the system's own collations live in pg_catalog, where none may be made.
      forms: [
        `CREATE COLLATION ${name.replace(/^pg_catalog\./u, "")} (provider = icu, locale = 'und')`,
        `SET allow_system_table_mods = on; CREATE COLLATION ${name} (provider = icu, locale = 'und')`,
      ],
    });
  }
}
