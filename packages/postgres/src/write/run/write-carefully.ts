import type { TableFacts } from "../../catalog/table-facts.ts";
import type { Connection } from "../../connection/connection.ts";
import { sqlState } from "../../connection/sql-state.ts";
import { badRow, type Suspect } from "./bad-row.ts";
import { attemptUnderSavepoint } from "./savepoint.ts";

/** Rows that are written by few statements, and can be halved. */
export interface Part {
  readonly rowCount: number;
  /** Has no effect outside of the database unless it succeeds. */
  write(connection: Connection): Promise<void>;
  halves(): readonly [Part, Part];
  /** Its first row. */
  suspect(connection: Connection): Promise<Suspect>;
}

export interface CarefulOptions {
  /** Rows of the same input are missing here, so a row that refers to another one of the table may be right. */
  readonly isPartial?: boolean;
}

const FOREIGN_KEY_VIOLATION = "23503";

interface Refused {
  readonly part: Part;
  readonly error: unknown;
}

/**
 * Writes parts in halves of halves wherever the server refuses them as a whole, each under a savepoint: about twice the rows, and the
 * first one that cannot be written is found. What can only not be written in one statement (two rows that a trigger gave one key) is written after all.
 *
 * @throws {BadRowError}
 */
export async function writeCarefully(
  connection: Connection,
  table: TableFacts,
  parts: readonly Part[],
  { isPartial = false }: CarefulOptions = {},
): Promise<void> {
  const refersToItself = table.foreignKeys.some(
    (key) => key.referencedSchema === table.schema && key.referencedTable === table.name,
  );
  let open: readonly Part[] = parts;
  for (;;) {
    const waiting: Refused[] = [];
    for (const part of open) await write(part, waiting);
    const [first] = waiting;
    if (first === undefined) return;
    // None of them refers to another that is written by now.
    if (waiting.length === open.length && open.every(({ rowCount }) => rowCount === 1)) {
      if (isPartial) throw first.error;
      throw await badRow(connection, await first.part.suspect(connection), first.error);
    }
    open = waiting.map(({ part }) => part);
  }

  async function write(part: Part, waiting: Refused[]): Promise<void> {
    const error = await attemptUnderSavepoint(connection, () => part.write(connection));
    if (error === undefined) return;
    if (part.rowCount > 1) {
      for (const half of part.halves()) await write(half, waiting);
      return;
    }
    // In a table that refers to itself the row it refers to may come later.
    if (refersToItself && sqlState(error) === FOREIGN_KEY_VIOLATION) waiting.push({ part, error });
    else throw await badRow(connection, await part.suspect(connection), error);
  }
}
