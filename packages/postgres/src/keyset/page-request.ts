import { InvalidPageError } from "./keyset-errors.ts";
import type { Sql } from "../sql/sql.ts";

/** Which page of a list. Without `last` and `before` it goes forward. */
export interface PageRequest {
  /** Rows of a page that goes forward, from 1 to `maxPageSize`. Default is `pageSize`. */
  readonly first?: number | null | undefined;
  /** The page begins after the row that this cursor was made of. */
  readonly after?: string | null | undefined;
  /** Rows of a page that goes backward. Rows come in the list's order all the same. */
  readonly last?: number | null | undefined;
  /** The page ends before the row that this cursor was made of. */
  readonly before?: string | null | undefined;
  /** A condition that rows must meet. The tenant's belongs here too: a cursor is a position, never a permission. Cursors are bound to its text and values. */
  readonly where?: Sql | undefined;
  /** What cursors are bound to in place of `where`, if that has values of the moment, such as a time. Must change whenever the rows meant change. */
  readonly bind?: unknown;
  /** Columns by name, or expressions as SQL. Default is all columns. The keys of the order need not be among them. */
  readonly select?: readonly string[] | Sql | undefined;
  /** Counts the rows that meet `where`, up to a limit: `true` for `countLimit`, or a number. Costs as much as reading them. Default is `false`. */
  readonly count?: boolean | number | undefined;
  /** Ends the call with `signal.reason`; the statement is cancelled on the server. */
  readonly signal?: AbortSignal | undefined;
}

/** A request's direction, size and cursor. */
export interface Walk {
  readonly isBackward: boolean;
  readonly size: number;
  /** `undefined` at the end that the walk comes from. */
  readonly cursor: unknown;
}

/** @throws {InvalidPageError} */
export function toWalk(
  { first, after, last, before }: PageRequest,
  { pageSize, maxPageSize }: { readonly pageSize: number; readonly maxPageSize: number },
): Walk {
  const isForward = isGiven(first) || isGiven(after);
  const isBackward = isGiven(last) || isGiven(before);
  if (isForward && isBackward) {
    throw new InvalidPageError("`first` with `after`, or `last` with `before`", "both");
  }
  const size = (isBackward ? last : first) ?? pageSize;
  if (!Number.isInteger(size) || size < 1 || size > maxPageSize) {
    const name = isBackward ? "last" : "first";
    throw new InvalidPageError(`\`${name}\` as a whole number from 1 to ${maxPageSize}`, size);
  }
  return { isBackward, size, cursor: (isBackward ? before : after) ?? undefined };
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
