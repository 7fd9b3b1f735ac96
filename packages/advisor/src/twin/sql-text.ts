/** Quotes always: the twin's own statements are never read by a person. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteQualified(schema: string, name: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/** Right under `standard_conforming_strings = on`, which the twin forces. */
export function quoteLiteral(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

export function literalOrNull(value: string | number | boolean | null): string {
  return value === null ? "NULL" : quoteLiteral(String(value));
}

/** `{0.5,0.25}`, or SQL NULL. */
export function numberArrayLiteral(values: readonly number[] | null): string {
  return values === null ? "NULL" : `'{${values.join(",")}}'`;
}
