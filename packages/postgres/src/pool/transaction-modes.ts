import { InvalidArgumentError } from "@upshift/foundation";

export interface TransactionModes {
  /** Default is the server's, `read committed` unless it was changed. */
  readonly isolation?: "read committed" | "repeatable read" | "serializable";
  /** Default is the server's, `false` unless it was changed. */
  readonly readOnly?: boolean;
  /** Waits until the snapshot cannot fail; only with `serializable` and `readOnly`. */
  readonly deferrable?: boolean;
}

const ISOLATIONS = {
  "read committed": "ISOLATION LEVEL READ COMMITTED",
  "repeatable read": "ISOLATION LEVEL REPEATABLE READ",
  serializable: "ISOLATION LEVEL SERIALIZABLE",
} as const;

/**
 * The modes as SQL, to follow `BEGIN` or `SET TRANSACTION`; empty when there are none.
 *
 * @throws {InvalidArgumentError}
 */
export function transactionModesSql({ isolation, readOnly, deferrable }: TransactionModes): string {
  if (isolation !== undefined && !Object.hasOwn(ISOLATIONS, isolation)) {
    throw new InvalidArgumentError(
      '`isolation` as "read committed", "repeatable read" or "serializable"',
      isolation,
    );
  }
  if (deferrable === true && (isolation !== "serializable" || readOnly !== true)) {
    throw new InvalidArgumentError(
      '`deferrable` only with `isolation: "serializable"` and `readOnly: true`',
      deferrable,
    );
  }
  const modes = [
    isolation === undefined ? undefined : ISOLATIONS[isolation],
    readOnly === undefined ? undefined : readOnly ? "READ ONLY" : "READ WRITE",
    deferrable === undefined ? undefined : deferrable ? "DEFERRABLE" : "NOT DEFERRABLE",
  ];
  return modes.filter((mode) => mode !== undefined).join(", ");
}
