import { readFile } from "node:fs/promises";

interface SchemaStatement {
  readonly statement: string;
  /** For progress: the name of the index or the table. */
  readonly label: string;
}

/** schema.sql in the three parts in which a load needs it. */
export interface StoreSchema {
  /** Types and tables. */
  readonly types: readonly string[];
  /** Primary keys, unique constraints, indexes. */
  readonly keys: readonly SchemaStatement[];
  readonly foreignKeys: readonly SchemaStatement[];
}

export async function readSchema(): Promise<StoreSchema> {
  const text = await readFile(new URL("../schema.sql", import.meta.url), "utf8");
  const statements = text
    .replaceAll(/^--.*$/gm, "")
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
  return {
    types: statements.filter(isType),
    keys: statements
      .filter((statement) => !isType(statement) && !isForeignKey(statement))
      .map((statement) => ({ statement, label: labelOf(statement) })),
    foreignKeys: statements
      .filter(isForeignKey)
      .map((statement) => ({ statement, label: labelOf(statement) })),
  };
}

function isType(statement: string): boolean {
  return /^CREATE (TABLE|TYPE)/.test(statement);
}

function isForeignKey(statement: string): boolean {
  return statement.includes("FOREIGN KEY");
}

function labelOf(statement: string): string {
  const index = /^CREATE INDEX (\w+)/.exec(statement)?.[1];
  const table = /^ALTER TABLE (\w+)/.exec(statement)?.[1];
  const kind = isForeignKey(statement) ? "foreign key" : "key";
  return index === undefined ? `${kind} of ${table}` : `index ${index}`;
}
