import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEngine } from "../engine/engine.ts";
import { packDirectory } from "./template-archive.ts";

/**
 * How text compares by default: `bytes` as C and the builtin provider do, `language` as everything else.
 *
 * It decides whether the planner may turn `LIKE 'a%'` into a range of a plain B-tree.
 */
export type CollationKind = "bytes" | "language";

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
        ...(kind === "language"
          ? [
              "UPDATE pg_database SET datlocprovider = 'i', datlocale = 'und' WHERE datname = 'postgres'",
            ]
          : []),
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
