import { UpshiftError } from "@upshift/foundation";
import type { TableFacts } from "../catalog/table-facts.ts";

/** No row has this key, and the loader was told that this is an error. */
export class RowNotFoundError extends UpshiftError {
  readonly code = "UPSHIFT_ROW_NOT_FOUND" as const;

  constructor(table: TableFacts, key: readonly string[]) {
    super(`No row of ${nameOf(table)} has the ${key.join(", ")} that was asked for.`, {
      details: { table: nameOf(table), key },
    });
  }
}

/** More than one row has this key where there should be one. */
export class KeyNotUniqueError extends UpshiftError {
  readonly code = "UPSHIFT_KEY_NOT_UNIQUE" as const;

  constructor(table: TableFacts, key: readonly string[]) {
    super(
      `Several rows of ${nameOf(table)} have the same ${key.join(", ")}. Ask for lists (loader.hasMany, hasMany), or add a \`where\` that leaves one.`,
      { details: { table: nameOf(table), key } },
    );
  }
}

/** A relation was to be read from the foreign keys, and they do not say it. */
export class RelationNotFoundError extends UpshiftError {
  readonly code = "UPSHIFT_RELATION_NOT_FOUND" as const;

  /** @param wanted - the sentence's end: "of posts that refers to users" */
  constructor(wanted: string, foundCount: number) {
    const found = foundCount === 0 ? "no foreign key" : `${foundCount} foreign keys`;
    super(`There is ${found} ${wanted}. Name the columns: \`from\` and \`to\`.`, {
      details: { wanted, foundCount },
    });
  }
}

function nameOf({ schema, name }: TableFacts): string {
  return JSON.stringify(`${schema}.${name}`);
}
