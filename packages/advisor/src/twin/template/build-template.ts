import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseFacts } from "../../snapshot/database-snapshot.ts";
import { openEngine } from "../engine/engine.ts";
import { packDirectory } from "./template-archive.ts";

/**
 * How text compares by default: `bytes` as C and the builtin provider do, `language` by words, and `code-points` as
 * `C.UTF-8` of libc does: in the order of bytes, but without the planner's knowing it.
 *
 * It decides whether the planner may turn `LIKE 'a%'` into a range of a plain B-tree, and where a text lies in a histogram.
 */
export type CollationKind = "bytes" | "language" | "code-points";

/** Which of them a database's text compares by. */
export function collationKind(
  database: Pick<DatabaseFacts, "collationProvider" | "collation" | "isByteOrdered">,
): CollationKind {
  if (database.isByteOrdered) return "bytes";
  const isCodePoints =
    database.collationProvider === "c" && /^(?:C|POSIX)\./u.test(database.collation);
  return isCodePoints ? "code-points" : "language";
}

/** What makes the one database compare so. */
const COLLATION_SQL: Readonly<Record<CollationKind, readonly string[]>> = {
  bytes: [],
  language: [
    "UPDATE pg_database SET datlocprovider = 'i', datlocale = 'und' WHERE datname = 'postgres'",
  ],
  "code-points": [
    "UPDATE pg_database SET datcollate = 'C.UTF-8', datctype = 'C.UTF-8' WHERE datname = 'postgres'",
  ],
};

/** Small WAL segments keep the directory at a third of its usual size. */
const INITDB_PARAMETERS = ["--encoding=UTF8", "--locale=C", "--wal-segsize=1"];

/**
 * Runs initdb and packs the result; takes seconds.
 *
 * ICU's root locale stands for every language: the planner asks only whether a collation is C, and PGlite carries no other
 * locale data. The template databases are dropped: nothing here ever creates a database.
 */
export async function buildTemplate(kind: CollationKind): Promise<Buffer> {
  const directory = await mkdtemp(join(tmpdir(), "upshift-template-"));
  try {
    const engine = await openEngine({
      dataDirectory: directory,
      extensions: {},
      initdbParameters: INITDB_PARAMETERS,
    });
    try {
      for (const statement of [
        "UPDATE pg_database SET datistemplate = false",
        "DROP DATABASE template0",
        "DROP DATABASE template1",
        ...COLLATION_SQL[kind],
        "VACUUM",
        "CHECKPOINT",
      ]) {
        await engine.run(statement);
      }
    } finally {
      await engine.close();
    }
    return await packDirectory(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
