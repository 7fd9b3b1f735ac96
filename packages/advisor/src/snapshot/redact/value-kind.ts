import type { UserType } from "../database-snapshot.ts";

/** How values of a type are replaced. */
export type ValueKind =
  | {
      readonly kind:
        | "kept"
        | "number"
        | "text"
        | "json"
        | "date"
        | "timestamp"
        | "time"
        | "uuid"
        | "network"
        | "mac"
        | "bytes"
        | "unknown";
    }
  | { readonly kind: "array" | "range" | "multirange"; readonly element: ValueKind };

const KIND_BY_TYPE: Readonly<
  Record<string, Exclude<ValueKind["kind"], "array" | "range" | "multirange">>
> = {
  boolean: "kept",
  bool: "kept",
  smallint: "number",
  int2: "number",
  integer: "number",
  int: "number",
  int4: "number",
  bigint: "number",
  int8: "number",
  numeric: "number",
  decimal: "number",
  real: "number",
  float4: "number",
  "double precision": "number",
  float8: "number",
  oid: "number",
  text: "text",
  "character varying": "text",
  varchar: "text",
  character: "text",
  bpchar: "text",
  name: "text",
  citext: "text",
  tsvector: "text",
  json: "json",
  jsonb: "json",
  date: "date",
  "timestamp without time zone": "timestamp",
  timestamp: "timestamp",
  "timestamp with time zone": "timestamp",
  timestamptz: "timestamp",
  "time without time zone": "time",
  time: "time",
  "time with time zone": "time",
  timetz: "time",
  uuid: "uuid",
  inet: "network",
  cidr: "network",
  macaddr: "mac",
  bytea: "bytes",
};

const ELEMENT_BY_RANGE: Readonly<Record<string, string>> = {
  int4range: "integer",
  int8range: "bigint",
  numrange: "numeric",
  daterange: "date",
  tsrange: "timestamp",
  tstzrange: "timestamptz",
};

/**
 * How values of a column are replaced.
 *
 * @param type - as `format_type` prints it: `character varying(20)[]`, `public.mood`
 * @param userTypes - domains, enums and ranges of the snapshot
 */
export function valueKind(type: string, userTypes: readonly UserType[]): ValueKind {
  if (type.endsWith("[]"))
    return { kind: "array", element: valueKind(type.slice(0, -2), userTypes) };
  const plain = type.replace(/\s*\([^)]*\)/, "").replace(/^pg_catalog\./, "");
  const range = ELEMENT_BY_RANGE[plain];
  if (range !== undefined) return { kind: "range", element: valueKind(range, userTypes) };
  const multirange = ELEMENT_BY_RANGE[plain.replace(/multirange$/, "range")];
  if (multirange !== undefined) {
    return { kind: "multirange", element: valueKind(multirange, userTypes) };
  }
  const known = KIND_BY_TYPE[plain] ?? KIND_BY_TYPE[plain.split(".").at(-1) ?? ""];
  if (known !== undefined) return { kind: known };
  return ofUserType(plain, userTypes);
}

function ofUserType(name: string, userTypes: readonly UserType[]): ValueKind {
  const unquoted = name.replaceAll(/"((?:[^"]|"")*)"/g, (_match, inner: string) =>
    inner.replaceAll('""', '"'),
  );
  const found = userTypes.find(
    (type) => `${type.schema}.${type.name}` === unquoted || type.name === unquoted,
  );
  if (found === undefined) return { kind: "unknown" };
  if (found.kind === "enum") return { kind: "kept" };
  // The base type stands right behind AS; a collation, a default or a constraint may follow.
  const base =
    /\bAS ((?:"(?:[^"]|"")*"|[^"])+?)(?= COLLATE | DEFAULT | NOT NULL| CONSTRAINT |$)/.exec(
      found.ddl ?? "",
    )?.[1];
  if (found.kind === "domain" && base !== undefined) return valueKind(base, userTypes);
  const subtype = /\bSUBTYPE = ((?:"(?:[^"]|"")*"|[^",)])+)/.exec(found.ddl ?? "")?.[1];
  if (found.kind === "range" && subtype !== undefined) {
    return { kind: "range", element: valueKind(subtype, userTypes) };
  }
  return { kind: "unknown" };
}
