import { InvalidArgumentError, kindOf, refuseUnknown } from "@upshift/foundation";

export interface ChangeTriggerOptions {
  /** As SQL names it: `orders`, `shop.orders`. */
  readonly table: string;
  /** What keys and tags are made of: ids. Their values go through PostgreSQL's notification queue, which everybody who may connect to the database can listen to. */
  readonly columns: readonly string[];
  /** Default is `upshift_changes`. */
  readonly channel?: string;
  /** A statement that changes more rows says only that the table has changed. Default is 1,000. */
  readonly mostRows?: number;
}

/** The default of {@link ChangeTriggerOptions.channel}. */
export const CHANGE_CHANNEL = "upshift_changes";

/** NOTIFY refuses 8,000 and more, and with it the transaction. */
const LONGEST_PAYLOAD_BYTES = 7_900;
/** PostgreSQL's own bound of names, in bytes. */
const LONGEST_NAME_BYTES = 63;

/**
 * SQL, to be put into a migration, that announces what INSERT, UPDATE, DELETE and TRUNCATE change in a table, whoever sends them: the chosen columns of each changed row before and after, when the transaction
 * commits. One trigger per statement, not per row. Running it again changes nothing.
 *
 * Every announcement costs the committing transaction a lock on the notification queue, so this is for tables that change tens of times per second, not thousands.
 *
 * @throws {InvalidArgumentError} for names that are none
 */
export function changeTriggerSql(options: ChangeTriggerOptions): string {
  refuseUnknown("changeTriggerSql", options, OPTIONS);
  const { table, columns, channel = CHANGE_CHANNEL, mostRows = 1_000 } = options;
  if (typeof table !== "string")
    throw new InvalidArgumentError("`table` as SQL names it", kindOf(table));
  if (!Array.isArray(columns))
    throw new InvalidArgumentError("`columns` as a list of names", kindOf(columns));
  const path = table.split(".");
  const name = `upshift_${path.join("_")}_changed`;
  for (const each of [...path, ...columns, channel]) checkName(each);
  checkName(name);
  if (columns.length === 0) throw new InvalidArgumentError("at least one of `columns`", columns);
  if (!Number.isSafeInteger(mostRows) || mostRows < 1)
    throw new InvalidArgumentError("`mostRows` as a whole number >= 1", mostRows);
  const target = path.map(identifier).join(".");
  const schema = path.length > 1 ? `${identifier(path[0] ?? "")}.` : "";
  const functionName = `${schema}${identifier(name)}`;
  const rowOf = (alias: string): string =>
    `jsonb_build_object(${columns.map((column) => `${literal(column)}, ${alias}.${identifier(column)}`).join(", ")})`;
  const notify = (payload: string): string =>
    `PERFORM pg_notify(${literal(channel)}, (${payload})::text)`;
  const everythingPayload = `jsonb_build_object('table', ${literal(table)}, 'all', true)`;
  const everything = notify(everythingPayload);
  const announce = (rows: string, before: string, after: string): string =>
    `IF (SELECT count(*) FROM (SELECT FROM ${rows} LIMIT ${mostRows + 1}) AS changed) > ${mostRows} THEN
      ${everything};
    ELSE
      PERFORM pg_notify(${literal(channel)}, CASE WHEN octet_length(payload) < ${LONGEST_PAYLOAD_BYTES} THEN payload ELSE (${everythingPayload})::text END)
      FROM (SELECT jsonb_build_object('table', ${literal(table)}, 'before', ${before}, 'after', ${after})::text AS payload FROM ${rows}) AS changes;
    END IF;`;
  const trigger = (event: string, referencing: string): string => {
    const triggerName = identifier(`${name}_${event.toLowerCase()}`);
    return `DROP TRIGGER IF EXISTS ${triggerName} ON ${target};
CREATE TRIGGER ${triggerName} AFTER ${event} ON ${target}${referencing}
  FOR EACH STATEMENT EXECUTE FUNCTION ${functionName}();`;
  };
  return `CREATE OR REPLACE FUNCTION ${functionName}() RETURNS trigger LANGUAGE plpgsql AS $upshift$
BEGIN
  IF TG_OP = 'INSERT' THEN
    ${announce("after_rows", "NULL", rowOf("after_rows"))}
  ELSIF TG_OP = 'DELETE' THEN
    ${announce("before_rows", rowOf("before_rows"), "NULL")}
  ELSIF TG_OP = 'UPDATE' THEN
    -- Transition tables do not say which row became which: each is announced by itself.
    ${announce("before_rows", rowOf("before_rows"), "NULL")}
    ${announce("after_rows", "NULL", rowOf("after_rows"))}
  ELSE
    ${everything};
  END IF;
  RETURN NULL;
END
$upshift$;
${trigger("INSERT", " REFERENCING NEW TABLE AS after_rows")}
${trigger("UPDATE", " REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows")}
${trigger("DELETE", " REFERENCING OLD TABLE AS before_rows")}
${trigger("TRUNCATE", "")}
`;
}

const OPTIONS: ReadonlySet<keyof ChangeTriggerOptions> = new Set([
  "table",
  "columns",
  "channel",
  "mostRows",
]);

function checkName(name: string): void {
  if (
    typeof name !== "string" ||
    name === "" ||
    name.includes("\0") ||
    Buffer.byteLength(name) > LONGEST_NAME_BYTES - "_truncate".length
  )
    throw new InvalidArgumentError(
      "names of a table, columns and a channel of 1 to 54 bytes",
      name,
    );
}

const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
