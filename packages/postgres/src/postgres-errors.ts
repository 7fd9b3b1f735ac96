import { UpshiftError } from "@upshift/foundation";

/** No such table, or none that the search path shows. */
export class UnknownTableError extends UpshiftError {
  readonly code = "UPSHIFT_UNKNOWN_TABLE" as const;

  constructor(schema: string | undefined, table: string) {
    const where = schema === undefined ? "on the search path" : `in schema ${show(schema)}`;
    super(
      `There is no table ${show(table)} ${where}. Names are taken as written: "Orders" is not "orders".`,
      {
        details: { schema, table },
      },
    );
  }
}

/** The table has no column of this name. */
export class UnknownColumnError extends UpshiftError {
  readonly code = "UPSHIFT_UNKNOWN_COLUMN" as const;

  constructor(
    table: {
      readonly schema: string;
      readonly name: string;
      readonly columns: ReadonlyMap<string, unknown>;
    },
    column: string,
  ) {
    const columns = [...table.columns.keys()];
    super(
      `Table ${show(`${table.schema}.${table.name}`)} has no column ${show(column)}. It has: ${columns.join(", ")}`,
      { details: { table: `${table.schema}.${table.name}`, column, columns } },
    );
  }
}

const LONGEST_SHOWN = 80;

function show(name: string): string {
  const text = JSON.stringify(name);
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}
