import { ConnectionLostError } from "../snapshot/snapshot-errors.ts";
import type { Queryable } from "./queryable.ts";
import {
  describeFailure,
  isConnectionLoss,
  type SectionFailure,
  sqlStateOf,
} from "./section-failure.ts";

export interface ReadOnlySessionOptions {
  /** Longest one statement may run. Default 30,000. */
  readonly statementTimeoutMs?: number;
  /** Longest a statement may wait for a lock. Default 1,000. */
  readonly lockTimeoutMs?: number;
  /** Called with every statement just before it is sent, transaction control included. */
  readonly onStatement?: (text: string) => void;
  /** Stops before the next statement, and no longer waits for the running one. */
  readonly signal?: AbortSignal;
}

/**
 * Sends one SELECT whose only column `row` is JSON text, and gives the decoded rows: no driver's type parsers matter.
 * `Row` is what the statement selects; nothing checks it.
 */
export type Read = <Row>(statement: string) => Promise<readonly Row[]>;

export type SectionOutcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: SectionFailure };

export interface ReadOnlySession {
  /**
   * Runs `work` inside a read-only transaction. One that fails is an answer, not an error: later sections go on.
   *
   * @param options.ownTransaction - do not share it with other sections: for reads that keep locks on the user's tables until the end
   * @throws the signal's reason when aborted, {@link ConnectionLostError} when the connection is gone
   */
  section<T>(
    name: string,
    work: (read: Read) => Promise<T>,
    options?: { readonly ownTransaction?: boolean },
  ): Promise<SectionOutcome<T>>;
  /** Ends the open transaction, if any. Never throws. */
  close(): Promise<void>;
}

/**
 * Reads a database in read-only transactions with `SET LOCAL` timeouts, and nothing that outlives them.
 *
 * Works through transaction poolers: no startup parameters, no session settings, no prepared statements, and no
 * multi-statement messages. READ COMMITTED, so that neither vacuum's horizon is held back nor a hot standby refuses.
 */
export function openReadOnlySession(
  queryable: Queryable,
  options: ReadOnlySessionOptions = {},
): ReadOnlySession {
  const { onStatement, signal } = options;
  const preamble = transactionPreamble(options);
  let isOpen = false;

  async function send(text: string): Promise<readonly DriverRow[]> {
    signal?.throwIfAborted();
    onStatement?.(text);
    return (await untilAborted(queryable.query(text), signal)).rows;
  }

  async function begin(): Promise<void> {
    if (isOpen) return;
    // Set before BEGIN is answered: an abort in between must still roll back.
    isOpen = true;
    for (const statement of preamble) await send(statement);
  }

  async function end(statement: "COMMIT" | "ROLLBACK"): Promise<void> {
    if (!isOpen) return;
    isOpen = false;
    onStatement?.(statement);
    await queryable.query(statement);
  }

  async function attempt<T>(work: (read: Read) => Promise<T>, isOwn: boolean): Promise<T> {
    if (isOwn) await end("COMMIT");
    await begin();
    const value = await work(async <Row>(statement: string) =>
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the statement selects what `Row` says
      (await send(statement)).map((row) => JSON.parse(String(row["row"])) as Row),
    );
    if (isOwn) await end("COMMIT");
    return value;
  }

  return {
    section: async (name, work, { ownTransaction = false } = {}) => {
      try {
        return { ok: true, value: await attempt(work, ownTransaction) };
      } catch (error) {
        if (signal?.aborted === true) {
          // The running statement may still hold the connection; the rollback queues behind it.
          void end("ROLLBACK").catch(() => undefined);
          throw error;
        }
        if (isConnectionLoss(error)) throw new ConnectionLostError(name, error);
        await end("ROLLBACK").catch((cause: unknown) => {
          throw new ConnectionLostError(name, cause);
        });
        // Not the database's answer but a fault of the program: hiding it would look like a missing privilege.
        if (sqlStateOf(error) === null) throw error;
        return { ok: false, failure: describeFailure(error) };
      }
    },
    close: async () => {
      await end("ROLLBACK").catch(() => undefined);
    },
  };
}

/**
 * What opens every transaction. `search_path` is emptied so that no object of the user can stand in for a system function,
 * and so that PostgreSQL prints every name with its schema; the output settings make values read the same everywhere.
 */
export function transactionPreamble({
  statementTimeoutMs = 30_000,
  lockTimeoutMs = 1_000,
}: Pick<ReadOnlySessionOptions, "statementTimeoutMs" | "lockTimeoutMs"> = {}): readonly string[] {
  return [
    "BEGIN READ ONLY, ISOLATION LEVEL READ COMMITTED",
    `SET LOCAL statement_timeout = ${wholeMs(statementTimeoutMs)}`,
    `SET LOCAL lock_timeout = ${wholeMs(lockTimeoutMs)}`,
    `SET LOCAL idle_in_transaction_session_timeout = ${wholeMs(statementTimeoutMs)}`,
    "SET LOCAL search_path = ''",
    "SET LOCAL TimeZone = 'UTC'",
    "SET LOCAL DateStyle = 'ISO, YMD'",
    "SET LOCAL IntervalStyle = 'postgres'",
    "SET LOCAL extra_float_digits = 1",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL lc_monetary = 'C'",
    "SET LOCAL standard_conforming_strings = on",
    "SET LOCAL quote_all_identifiers = off",
    "SET LOCAL jit = off",
  ];
}

/** 0 would switch a timeout off, so the least is 1 ms. */
function wholeMs(timeoutMs: number): number {
  return Math.max(1, Math.round(timeoutMs));
}

type DriverRow = Readonly<Record<string, unknown>>;

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = (): void => {
      try {
        signal.throwIfAborted();
      } catch (reason) {
        reject(reason instanceof Error ? reason : new Error(String(reason)));
      }
    };
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (stop !== undefined) signal.removeEventListener("abort", stop);
    // When the abort won, nobody else hears of the statement's own end.
    work.catch(() => undefined);
  }
}
