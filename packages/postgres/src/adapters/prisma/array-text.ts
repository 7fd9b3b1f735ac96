/**
 * Takes an array of one dimension apart, as PostgreSQL writes it: `{a,"b,c",NULL}`.
 *
 * @see https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
 */
export function readArrayText(text: string): readonly (string | null)[] {
  const items: (string | null)[] = [];
  const item = /"((?:[^"\\]|\\[\s\S])*)"|([^,{}"]+)/y;
  let position = 1;
  while (position < text.length) {
    item.lastIndex = position;
    const match = item.exec(text);
    if (match === null) break;
    const [, quoted, bare = ""] = match;
    if (quoted !== undefined) items.push(quoted.replaceAll(/\\([\s\S])/g, "$1"));
    else items.push(bare.toUpperCase() === "NULL" ? null : bare);
    position = item.lastIndex + 1;
  }
  return items;
}
