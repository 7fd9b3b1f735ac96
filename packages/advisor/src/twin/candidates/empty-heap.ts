import type { Engine } from "../engine/engine.ts";

/**
 * Runs `work` while tables look empty to the session, in one transaction.
 *
 * Building an index reads the table, and the sparse files are as long as production's. So the tables point to another, empty
 * file meanwhile; the transaction makes sure that they never stay so.
 *
 * @param tableOids - tables with a file, partitions included
 */
export async function withEmptyHeaps<Result>(
  engine: Engine,
  tableOids: readonly number[],
  work: () => Promise<Result>,
): Promise<Result> {
  await engine.run("BEGIN");
  try {
    const heaps = await readHeaps(engine, tableOids);
    if (heaps.length > 0) {
      await engine.run(
        `UPDATE pg_class SET relfilenode = pg_relation_filenode('upshift_twin.empty') WHERE oid IN (${tableOids.join(",")})`,
      );
    }
    const result = await work();
    if (heaps.length > 0) {
      // The sizes too: CREATE INDEX stores what it has seen.
      await engine.run(
        `UPDATE pg_class c SET relfilenode = v.file, relpages = v.pages, reltuples = v.rows, relallvisible = v.visible, relallfrozen = v.frozen
           FROM (VALUES ${heaps.join(", ")}) v(oid, file, pages, rows, visible, frozen) WHERE c.oid = v.oid`,
      );
    }
    await engine.run("COMMIT");
    return result;
  } catch (error) {
    await engine.run("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

/** One SQL row value per table, to put back later. */
async function readHeaps(engine: Engine, oids: readonly number[]): Promise<readonly string[]> {
  if (oids.length === 0) return [];
  const rows = await engine.run(
    `SELECT format('(%s::oid, %s::oid, %s, %L::real, %s, %s)', oid, relfilenode, relpages, reltuples, relallvisible, relallfrozen) AS row
       FROM pg_class WHERE oid IN (${oids.join(",")})`,
  );
  return rows.map((row) => String(row["row"]));
}

/** The schema of what the twin itself needs; its name is not one a person chooses. */
export const TWIN_SCHEMA_SQL = `
  CREATE SCHEMA upshift_twin;
  CREATE TABLE upshift_twin.empty ();
  CREATE FUNCTION upshift_twin.same(anyelement) RETURNS anyelement LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT $1'`;
