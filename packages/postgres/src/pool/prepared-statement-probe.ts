import { randomBytes } from "node:crypto";
import { type Queryable, takesQueryConfig } from "../connection/queryable.ts";

/**
 * Whether the pooler behind this connection carries named prepared statements from one of its server connections to another.
 *
 * A pooler that does (PgBouncer from 1.21 with `max_prepared_statements`, pgcat, Odyssey, Supavisor) gives each statement a name of its own on the
 * server. One that does not passes our name on, and a later EXECUTE fails on whichever server connection it lands. So the question is whether the server knows
 * our name.
 */
export async function carriesPreparedStatements(client: Queryable): Promise<boolean> {
  if (!takesQueryConfig(client)) return false;
  const name = `upshift_probe_${randomBytes(12).toString("hex")}`;
  // In a transaction, so that the statement is looked for, and removed, on the server connection on which it was made.
  await client.query("BEGIN");
  try {
    const { rows } = await client.query({
      name,
      text: "SELECT 1 FROM pg_prepared_statements WHERE name = $1",
      values: [name],
    });
    const isPassedOn = rows.length > 0;
    if (isPassedOn) await client.query(`DEALLOCATE ${name}`);
    return !isPassedOn;
  } finally {
    await client.query("COMMIT");
  }
}
