const LONGEST_QUERY = 200;

/** The beginning of a query on one line, for a person to know it by. */
export function shortQuery(query: string): string {
  const line = query
    .slice(0, LONGEST_QUERY * 4)
    .replaceAll(/\s+/g, " ")
    .trim();
  return line.length > LONGEST_QUERY ? `${line.slice(0, LONGEST_QUERY)}…` : line;
}
