import type { DatabaseFacts } from "../database-snapshot.ts";

/** The order of text in a database, as nearly as JavaScript knows its collation. */
export function textOrder(database: DatabaseFacts): (left: string, right: string) => number {
  const isByBytes = database.isByteOrdered || /^(?:C|POSIX)(?:\.|$)/.test(database.collation);
  if (isByBytes) return byCodePoint;
  const collator = new Intl.Collator(languageOf(database.collation));
  return (left, right) => collator.compare(left, right) || byCodePoint(left, right);
}

function languageOf(collation: string): string {
  const language = collation.replace(/[.@].*$/, "").replaceAll("_", "-");
  try {
    return Intl.Collator.supportedLocalesOf(language)[0] ?? "und";
  } catch {
    return "und";
  }
}

/** UTF-8 bytes sort as code points do; UTF-16 units do not. */
function byCodePoint(left: string, right: string): number {
  const leftPoints = left[Symbol.iterator]();
  const rightPoints = right[Symbol.iterator]();
  for (;;) {
    const leftPoint = leftPoints.next();
    const rightPoint = rightPoints.next();
    if (leftPoint.done === true || rightPoint.done === true) {
      return Number(rightPoint.done ?? false) - Number(leftPoint.done ?? false);
    }
    const difference =
      (leftPoint.value.codePointAt(0) ?? 0) - (rightPoint.value.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
}
