/** An identifier as SQL prints it: bare, or in quotes with doubled quotes inside. Bare ones may be HypoPG's `<12>btree_t`. */
const IDENTIFIER = String.raw`(?:"(?:[^"]|"")*"|[^\s".,()]+)`;

/** `schema.name` or `name`, then perhaps an alias, at the end of a node's title. */
const TARGET = new RegExp(`^(?:(${IDENTIFIER})\\.)?(${IDENTIFIER})(?:\\s+(${IDENTIFIER}))?$`);

export interface ScanTarget {
  readonly schema: string | null;
  readonly name: string;
  readonly alias: string | null;
}

/** `public."Weird Table" w` -> schema, name and alias without their quotes; `null` when it is no such thing. */
export function parseTarget(text: string): ScanTarget | null {
  const match = TARGET.exec(text.trim());
  if (match === null) return null;
  const [, schema, name, alias] = match;
  if (name === undefined) return null;
  return {
    schema: schema === undefined ? null : unquoteIdentifier(schema),
    name: unquoteIdentifier(name),
    alias: alias === undefined ? null : unquoteIdentifier(alias),
  };
}

/** `"a""b"` -> `a"b`; a bare identifier stays as it is. */
export function unquoteIdentifier(text: string): string {
  return text.length > 1 && text.startsWith('"') && text.endsWith('"')
    ? text.slice(1, -1).replaceAll('""', '"')
    : text;
}

/** Splits an identifier off the front: `"a b" on t` -> [`a b`, `on t`]. */
export function takeIdentifier(text: string): readonly [name: string, rest: string] | null {
  const match = /^((?:"(?:[^"]|"")*"|\S)+)\s*(.*)$/s.exec(text.trim());
  if (match === null) return null;
  return [unquoteIdentifier(match[1] ?? ""), match[2] ?? ""];
}
