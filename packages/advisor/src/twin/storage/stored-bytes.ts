/** Short values have a header of one byte. */
const VARLENA_HEADER_BYTES = 1;

/** Sign, scale and weight of a numeric of usual size. Source: PostgreSQL 18, src/backend/utils/adt/numeric.c, NumericShort */
const NUMERIC_HEADER_BYTES = 2;

/** Decimal digits per stored digit of two bytes. */
const NUMERIC_GROUP = 4;

const TEXT_TYPES: ReadonlySet<string> = new Set(["text", "varchar", "bpchar", "citext"]);

/**
 * Bytes that a value takes in an index tuple, by its printed form.
 *
 * @param typeName - as `pg_type` has it
 * @returns `null` where the printed form does not tell
 */
export function storedBytes(typeName: string, text: string): number | null {
  if (TEXT_TYPES.has(typeName)) return VARLENA_HEADER_BYTES + Buffer.byteLength(text);
  if (typeName === "bytea") return VARLENA_HEADER_BYTES + Math.max(0, text.length - 2) / 2;
  if (typeName !== "numeric") return null;
  const [whole = "", fraction = ""] = text.replace(/^-/u, "").split(".");
  const wholeGroups = groups(whole.replace(/^0+/u, "").length);
  const fractionGroups = groups(fraction.replace(/0+$/u, "").length);
  return VARLENA_HEADER_BYTES + NUMERIC_HEADER_BYTES + 2 * (wholeGroups + fractionGroups);
}

function groups(digits: number): number {
  return Math.ceil(digits / NUMERIC_GROUP);
}
