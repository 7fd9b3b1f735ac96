import type { CompiledSql } from "../sql/sql.ts";

/** How long the server lets a stream run. Its own limits are behind ours: they end what a hung or killed process left. */
export interface StreamLimits {
  /** `undefined` leaves the limits of the session as they are. */
  readonly timeoutMs: number | undefined;
  readonly idleTimeoutMs: number;
}

/** Our own timers are to be first: they know which limit it was. */
const GRACE_MS = 5_000;
const LONGEST_MS = 2_147_483_647;

export interface Setting {
  /** Fixed text. */
  readonly name: string;
  readonly value: unknown;
}

/**
 * What makes a transaction of our own fit for streaming: its limits in place of those of the session (a short `idle_in_transaction_session_timeout`
 * would end it under a slow consumer), and cursors planned for all of their rows, not for the first tenth.
 */
export function streamSettings({ timeoutMs, idleTimeoutMs }: StreamLimits): readonly Setting[] {
  return [
    { name: "cursor_tuple_fraction", value: "1" },
    // Idle is told apart from busy only once per interval.
    { name: "idle_in_transaction_session_timeout", value: serverMs(2 * idleTimeoutMs) },
    ...(timeoutMs === undefined
      ? []
      : ["statement_timeout", "transaction_timeout"].map((name) => ({
          name,
          value: serverMs(timeoutMs),
        }))),
  ];
}

function serverMs(limitMs: number): string {
  return String(Math.min(LONGEST_MS, Math.ceil(limitMs + GRACE_MS)));
}

/** Settings until the transaction ends, in one statement; values are bound. A setting that this server does not know yet is left out. */
export function setLocally(settings: readonly Setting[]): CompiledSql {
  const calls = settings.map(({ name }, index) => {
    const call = `pg_catalog.set_config('${name}', $${index + 1}, true)`;
    return name === "transaction_timeout"
      ? `CASE WHEN pg_catalog.current_setting('server_version_num')::int >= 170000 THEN ${call} END`
      : call;
  });
  return { text: `SELECT ${calls.join(", ")}`, values: settings.map(({ value }) => value) };
}
