import type { ColumnFacts } from "../../catalog/table-facts.ts";

/** In which type the values of a column travel, and what makes the column's own type of it. */
export interface Carrier {
  readonly sqlName: string;
  readonly arraySqlName: string;
  /** The type that each value is cast to; `undefined` where it travels in it. */
  readonly castTo: string | undefined;
}

const TEXT = { sqlName: '"pg_catalog"."text"', arraySqlName: '"pg_catalog"."_text"' } as const;

/**
 * Mostly the column's own type, whose input function reads the values. `unnest` would flatten an array of arrays and make columns of a composite one,
 * so these travel as text; a domain over an array has arrays of its own, which `unnest` takes apart only once.
 */
export function carrierOf({ type }: ColumnFacts): Carrier {
  const { sqlName, arraySqlName, isBaseComposite, isBaseArray } = type;
  const isWhole = !isBaseComposite && (!isBaseArray || type.kind === "domain");
  if (isWhole && arraySqlName !== undefined && type.kind !== "pseudo")
    return { sqlName, arraySqlName, castTo: undefined };
  return { ...TEXT, castTo: sqlName };
}
