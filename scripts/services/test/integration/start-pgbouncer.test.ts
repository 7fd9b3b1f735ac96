import { bringPgBouncer, componentSkips, startPgBouncer, startPostgres } from "@upshift/services";
import { Client } from "pg";
import { describe, expect, test } from "vitest";

const skips = await componentSkips("PgBouncer", () => bringPgBouncer());

describe.skipIf(skips.isMissing)("PgBouncer", () => {
  test("shares one server connection between clients in transaction mode and refuses timeouts at startup", async () => {
    const server = await startPostgres();
    try {
      const bouncer = await startPgBouncer({ server, settings: { default_pool_size: "1" } });
      try {
        const backends = new Set<unknown>();
        for (let each = 0; each < 3; each++) {
          const client = new Client({ connectionString: bouncer.url() });
          await client.connect();
          const { rows } = await client.query("SELECT pg_backend_pid() AS pid");
          backends.add(rows[0]?.pid);
          await client.end();
        }
        expect(backends.size).toBe(1);
        const withTimeout = new Client({
          connectionString: bouncer.url(),
          statement_timeout: 1000,
        });
        await expect(withTimeout.connect()).rejects.toThrow(/statement_timeout/);
      } finally {
        await bouncer.stop();
      }
    } finally {
      await server.stop();
    }
  });
});
