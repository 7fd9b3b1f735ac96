/** More than these make a message that nobody reads; the error's fields have all. */
const NAMES_SHOWN = 5;

export function listNames(names: readonly string[]): string {
  if (names.length === 0) return "nothing";
  const shown = names.slice(0, NAMES_SHOWN).map((name) => JSON.stringify(name));
  const restCount = names.length - shown.length;
  return shown.join(", ") + (restCount > 0 ? ` and ${restCount} more` : "");
}
