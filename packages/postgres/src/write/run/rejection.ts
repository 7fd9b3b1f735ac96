import { hasErrorCode } from "@upshift/foundation";
import { sqlState } from "../../connection/sql-state.ts";

/** A row twice in one statement, data, integrity, WITH CHECK OPTION, what a trigger raised, a value too large for an index or page. */
const OF_ROWS = /^(?:21000|22...|23...|44000|P0...|54000)$/;
/** The table is not what the catalog said when it was read: columns, types, the table itself, a plan's result type. */
const OF_STALE_FACTS = /^(?:42703|42704|42P01|42P10|42804|42883|428C9|0A000)$/;

/** True for what rows can be to blame for. */
export function isRowRejection(error: unknown): boolean {
  const state = sqlState(error);
  if (state === undefined) return false;
  return OF_ROWS.test(state) || (state === "42501" && field(error, "routine") === ROW_SECURITY);
}

/** Where the server refuses a new row by a policy; by SQLSTATE it looks like a missing privilege. */
const ROW_SECURITY = "ExecWithCheckOptions";

/** The table is not what it was when its facts were read, which was seen before a row was. Caught within this package. */
export class TableChanged extends Error {
  override readonly message = "the table has changed since it was read";
}

/** True where the catalog may have changed since it was read, so that a second look can help. */
export function mayBeStale(error: unknown): boolean {
  const state = sqlState(error);
  return (
    (state !== undefined && OF_STALE_FACTS.test(state)) ||
    hasErrorCode(error, "UPSHIFT_UNKNOWN_COLUMN") ||
    hasErrorCode(error, "UPSHIFT_INVALID_ARGUMENT") ||
    error instanceof TableChanged
  );
}

/** A field of PostgreSQL's error that names something of the schema: `constraint`, `table`, `column`, `dataType`, `schema`, `routine`. */
export function field(
  error: unknown,
  name: "constraint" | "table" | "schema" | "column" | "dataType" | "routine" | "where",
): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const value: unknown = Object.getOwnPropertyDescriptor(error, name)?.value;
  if (typeof value === "string") return value;
  // postgres.js spells them as libpq does.
  const spelled: unknown = Object.getOwnPropertyDescriptor(error, LIBPQ_NAMES[name] ?? name)?.value;
  return typeof spelled === "string" ? spelled : field(error.cause, name);
}

const LIBPQ_NAMES: Readonly<Record<string, string>> = {
  constraint: "constraint_name",
  table: "table_name",
  schema: "schema_name",
  column: "column_name",
  dataType: "type_name",
};

const REASONS: Readonly<Record<string, string>> = {
  "22001": "is too long for its type",
  "22003": "is out of the range of its type",
  "22007": "is no valid date or time",
  "22008": "is out of the range of dates and times",
  "22021": "has bytes that are no valid text",
  "22026": "has the wrong length for its type",
  "22P02": "is not valid text for its type",
  "22P03": "is not valid text for its type",
  "22P05": "has a character that its type cannot hold (\\u0000 in jsonb)",
  "23502": "is NULL where the table demands a value",
  "23503": "refers to a row that is not there",
  "23505": "is there already",
  "23514": "breaks a check of the table",
  "23P01": "conflicts with a row that is there",
  "42501": "is refused by a row-level security policy",
  "44000": "breaks the check option of a view",
  "54000": "is too large for the table or one of its indexes",
};

/** Why, in words of ours: PostgreSQL's own message quotes the value in many cases. */
export function reasonOf(error: unknown): string {
  const state = sqlState(error) ?? "";
  const constraint = field(error, "constraint");
  const named = constraint === undefined ? "" : ` (${JSON.stringify(constraint)})`;
  const raised = state.startsWith("P0") ? "is refused by a trigger or function" : undefined;
  return `${raised ?? REASONS[state] ?? "is refused by PostgreSQL"}${named} [SQLSTATE ${state}]`;
}

/** What is fit for logs of an error of the server: neither its message nor its detail, which quote values, but its code and names. */
export function redactRejection(error: unknown): Error {
  const redacted = new Error(
    `PostgreSQL refused it with ${sqlState(error) ?? "an error"}; its words are left out because they may quote the row`,
  );
  return Object.assign(redacted, {
    code: sqlState(error),
    schema: field(error, "schema"),
    table: field(error, "table"),
    column: field(error, "column"),
    constraint: field(error, "constraint"),
    dataType: field(error, "dataType"),
  });
}
