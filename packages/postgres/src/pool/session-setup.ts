import type { QueryResult, Queryable } from "../connection/queryable.ts";
import { markAsPooled } from "../connection/pooled-session.ts";
import { carriesPreparedStatements } from "./prepared-statement-probe.ts";

/** What the session of each connection is to have. */
export interface SessionOptions {
  /** `transaction`: sessions belong to a pooler, nothing may be set on them. `none`: they are ours, directly or for as long as we are connected. */
  readonly pooler: "auto" | "none" | "transaction";
  readonly preparedStatements: boolean | "auto";
  readonly timeouts: readonly SessionTimeout[];
}

export interface SessionTimeout {
  readonly setting: "statement_timeout" | "lock_timeout" | "idle_in_transaction_session_timeout";
  readonly timeoutMs: number;
  /** A default gives way to what the role or the database has been given with `ALTER … SET`. */
  readonly isDefault: boolean;
}

export interface SessionSetup {
  /** Prepares a new connection for its first caller. */
  apply(client: Queryable & { readonly processID?: unknown }): Promise<void>;
  /** True once a connection was seen to go through a pooler that shares sessions, or was said to. */
  readonly isPooled: boolean;
  /** False once a pooler was seen that loses prepared statements, or was said to. */
  readonly preparedStatements: boolean;
}

interface PoolerFacts {
  /** `; SET LOCAL …` for every transaction. */
  readonly preamble: string;
  readonly preparedStatements: boolean;
}

/**
 * Timeouts as startup parameters are refused by PgBouncer, Neon and Supavisor, and `SET` through a pooler would stay on a session that others use next.
 * So each new connection first asks, in one statement, whether it reaches its backend directly, and sets its timeouts only then: a
 * pooler answers the handshake with a process id of its own, which is not the backend's.
 */
export function createSessionSetup(options: SessionOptions): SessionSetup {
  let poolerFacts: Promise<PoolerFacts> | undefined;
  let isPooled = options.pooler === "transaction";
  let preparedStatements = options.preparedStatements !== false;

  const applyPooled = async (client: Queryable, current: Row): Promise<void> => {
    isPooled = true;
    // One probe for all connections; a failed one is repeated by the next.
    poolerFacts ??= readPoolerFacts(options, client, current);
    let facts: PoolerFacts;
    try {
      facts = await poolerFacts;
    } catch (error) {
      poolerFacts = undefined;
      throw error;
    }
    markAsPooled(client, { preamble: facts.preamble });
    preparedStatements = facts.preparedStatements;
    if (!preparedStatements) forbidPreparedStatements(client);
  };

  return {
    get isPooled() {
      return isPooled;
    },
    get preparedStatements() {
      return preparedStatements;
    },
    async apply(client) {
      if (options.preparedStatements === false) forbidPreparedStatements(client);
      const hasNothingToSet = options.timeouts.length === 0;
      if (options.pooler === "none" && hasNothingToSet) return;
      const { rows }: QueryResult<Row> = await client.query(setupSql(options, client.processID));
      const row = rows[0];
      if (row !== undefined && row["isDirect"] !== true) await applyPooled(client, row);
    },
  };
}

type Row = Readonly<Record<string, unknown>>;

/** Where a connection says that it takes no named statements: `runStatement` reads it. */
function forbidPreparedStatements(client: Queryable): void {
  Object.defineProperty(client, "preparedStatements", { value: false, configurable: true });
}

/** Plain text without parameters, so that no pooler has anything to remember. */
function setupSql({ pooler, timeouts }: SessionOptions, processId: unknown): string {
  const isDirect = directness(pooler, processId);
  const columns = timeouts.map(({ setting, timeoutMs, isDefault }) => {
    const isWanted = isDefault ? `(${isDirect} AND ${isUnset(setting)})` : isDirect;
    return `, ${isUnset(setting)} AS "${setting}", CASE WHEN ${isWanted} THEN pg_catalog.set_config('${setting}', '${timeoutMs}', false) END`;
  });
  return `SELECT ${isDirect} AS "isDirect"${columns.join("")}`;
}

function directness(pooler: SessionOptions["pooler"], processId: unknown): string {
  if (pooler !== "auto") return pooler === "none" ? "true" : "false";
  return Number.isInteger(processId)
    ? `(pg_catalog.pg_backend_pid() = ${Number(processId)})`
    : "false";
}

function isUnset(setting: SessionTimeout["setting"]): string {
  return `(pg_catalog.current_setting('${setting}') = '0')`;
}

async function readPoolerFacts(
  options: SessionOptions,
  client: Queryable,
  current: Row,
): Promise<PoolerFacts> {
  const preamble = options.timeouts
    .filter(({ setting, isDefault }) => !isDefault || current[setting] === true)
    .map(({ setting, timeoutMs }) => `; SET LOCAL ${setting} = ${timeoutMs}`)
    .join("");
  const preparedStatements =
    options.preparedStatements === "auto"
      ? await carriesPreparedStatements(client)
      : options.preparedStatements;
  return { preamble, preparedStatements };
}
