import { Pool, type PoolConfig, type QueryResult } from "pg";

/** A pool's `query`, whatever it is called with. */
export type AnyQuery = (...args: readonly unknown[]) => Promise<QueryResult>;

/** A pool whose `query` passes through `around`. */
export function poolWith(
  config: PoolConfig,
  around: (query: AnyQuery, args: readonly unknown[]) => Promise<QueryResult>,
): Pool {
  const made = new Pool(config);
  const query = made.query.bind(made) as unknown as AnyQuery;
  made.query = ((...args: readonly unknown[]) => around(query, args)) as typeof made.query;
  return made;
}

/** A pool that keeps the texts that it was asked for. */
export function recordingPool(config: PoolConfig, sent: string[]): Pool {
  return poolWith(config, (query, args) => {
    const [first] = args as [string | { text?: string }];
    sent.push(typeof first === "string" ? first : (first.text ?? "submittable"));
    return query(...args);
  });
}

/** A pool that prepares its connection for the request that it serves, inside a transaction. */
export function settingPool(config: PoolConfig, setting: string, value: () => string): Pool {
  const made: Pool = poolWith(config, async (_, args) => {
    const client = await made.connect();
    try {
      await client.query("BEGIN");
      await client.query("SELECT set_config($1, $2, true)", [setting, value()]);
      const result = await (client.query.bind(client) as unknown as AnyQuery)(...args);
      await client.query("COMMIT");
      client.release();
      return result;
    } catch (error) {
      client.release(true);
      throw error;
    }
  });
  return made;
}

/** A pool that keeps a connection whose query failed; pg's own closes it, which makes thousands of errors slow. */
export function keepingPool(config: PoolConfig): Pool {
  const made: Pool = poolWith(config, async (_, args) => {
    const client = await made.connect();
    try {
      return await (client.query.bind(client) as unknown as AnyQuery)(...args);
    } finally {
      client.release();
    }
  });
  return made;
}
