import type { Queryable } from "./queryable.ts";

/** Where a connection says what each of its transactions has to begin with. */
const PREAMBLE: unique symbol = Symbol.for("@upshift/postgres/transaction-preamble");

interface PreambleOwner {
  readonly [PREAMBLE]?: string;
}

/**
 * Lets every transaction on this connection begin with these statements, in the same round trip as BEGIN: `SET LOCAL`s, where the
 * session itself belongs to a pooler.
 *
 * @param statements - fixed text
 */
export function setTransactionPreamble(connection: Queryable, statements: string): void {
  Object.defineProperty(connection, PREAMBLE, {
    value: statements,
    configurable: true,
    enumerable: false,
  });
}

/** @returns empty when there are none */
export function transactionPreamble(connection: Queryable & PreambleOwner): string {
  return connection[PREAMBLE] ?? "";
}
