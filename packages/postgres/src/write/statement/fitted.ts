import type { LengthCast } from "../../catalog/table-facts.ts";

/** A value as an assignment to the column would fit it to its length or precision: an error when it is too long, not a cut. */
export function fitted(value: string, lengthCast: LengthCast | undefined): string {
  if (lengthCast === undefined) return value;
  const { sqlName, modifier, takesIsExplicit } = lengthCast;
  return `${sqlName}(${value}, ${modifier}${takesIsExplicit ? ", false" : ""})`;
}
