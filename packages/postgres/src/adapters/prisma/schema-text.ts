/** What only the text of a Prisma schema says: the client's runtime model leaves it out. */
export interface SchemaText {
  /** By enum: value in Prisma -> value in PostgreSQL, for those that differ. */
  readonly enumValues: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** By model: fields that Prisma itself sets to the time of each write. */
  readonly updatedAt: ReadonlyMap<string, ReadonlySet<string>>;
}

const BLOCK = /^\s*(enum|model)\s+(\w+)\s*\{/;
const ENTRY = /^\s*(\w+)\s*(.*)$/;
const MAP = /@map\(\s*(?:name\s*:\s*)?("(?:[^"\\]|\\.)*")\s*\)/;
const STRINGS_AND_COMMENT = /("(?:[^"\\]|\\.)*")|\/\/.*$/g;
const STRINGS = /"(?:[^"\\]|\\.)*"/g;

/** Reads a schema that Prisma has accepted, line by line: its blocks hold one entry per line. */
export function readSchemaText(text: string): SchemaText {
  const enumValues = new Map<string, Map<string, string>>();
  const updatedAt = new Map<string, Set<string>>();
  let block: { readonly kind: string; readonly name: string } | undefined;
  for (const line of text.split("\n")) {
    const code = line.replaceAll(
      STRINGS_AND_COMMENT,
      (_, string: string | undefined) => string ?? "",
    );
    const [, kind, name] = BLOCK.exec(code) ?? [];
    if (kind !== undefined && name !== undefined) block = { kind, name };
    else if (/^\s*\}/.test(code)) block = undefined;
    const [, entry, rest = ""] = ENTRY.exec(code) ?? [];
    if (block === undefined || entry === undefined || kind !== undefined) continue;
    if (block.kind === "enum") {
      const [, mapped] = MAP.exec(rest) ?? [];
      if (mapped !== undefined) entriesOf(enumValues, block.name).set(entry, unquoted(mapped));
    } else if (/@updatedAt\b/.test(rest.replaceAll(STRINGS, ""))) {
      const fields = updatedAt.get(block.name) ?? new Set();
      updatedAt.set(block.name, fields.add(entry));
    }
  }
  return { enumValues, updatedAt };
}

function entriesOf(enums: Map<string, Map<string, string>>, name: string): Map<string, string> {
  const known = enums.get(name);
  if (known !== undefined) return known;
  const created = new Map<string, string>();
  enums.set(name, created);
  return created;
}

function unquoted(string: string): string {
  const value: unknown = JSON.parse(string);
  return String(value);
}
