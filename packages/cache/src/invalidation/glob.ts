/** Which names a glob means. */
export interface NamePattern {
  test(name: string): boolean;
}

/** One byte of a name has to be, or not to be, one of these; `undefined` for any number of any bytes. */
type Part = ((byte: string) => boolean) | undefined;

/**
 * What Redis would match: `*`, `?`, `[abc]`, `[^a]`, `[a-z]`, and `\` before a character that is meant. As there, `?` is one byte of UTF-8, a range that is
 * the wrong way round is turned, and a set that is not closed ends with the pattern.
 *
 * Takes at most the product of both lengths. Source: Redis 7, util.c, stringmatchlen
 */
export function parseGlob(glob: string): NamePattern {
  const parts = partsOf(bytesOf(glob));
  return { test: (name) => matches(parts, bytesOf(name)) };
}

/** Only what follows the last `*` has to be tried again: an earlier one that takes more leaves less to it. */
function matches(parts: readonly Part[], name: string): boolean {
  let at = 0;
  let part = 0;
  let afterStar = -1;
  let starTook = 0;
  while (at < name.length) {
    const test = parts[part];
    if (part < parts.length && test === undefined) {
      afterStar = part + 1;
      starTook = at;
      part = afterStar;
    } else if (test?.(name.charAt(at)) === true) {
      at += 1;
      part += 1;
    } else if (afterStar === -1) {
      return false;
    } else {
      starTook += 1;
      at = starTook;
      part = afterStar;
    }
  }
  return parts.slice(part).every((left) => left === undefined);
}

function partsOf(glob: string): readonly Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < glob.length; at += 1) {
    const character = glob.charAt(at);
    if (character === "*") parts.push(undefined);
    else if (character === "?") parts.push(() => true);
    else if (character === "[") {
      const set = setOf(glob, at + 1);
      parts.push(set.test);
      at = set.end;
    } else {
      if (character === "\\" && at + 1 < glob.length) at += 1;
      const meant = glob.charAt(at);
      parts.push((byte) => byte === meant);
    }
  }
  return parts;
}

/** @returns `end`: where the closing bracket is, or the end where it is missing */
function setOf(
  glob: string,
  start: number,
): { readonly test: (byte: string) => boolean; readonly end: number } {
  const isNegated = glob.charAt(start) === "^";
  const ranges: (readonly [low: string, high: string])[] = [];
  let at = isNegated ? start + 1 : start;
  for (; at < glob.length && glob.charAt(at) !== "]"; at += 1) {
    if (glob.charAt(at) === "\\" && at + 1 < glob.length) at += 1;
    else if (glob.charAt(at + 1) === "-" && at + 2 < glob.length) {
      const [one, other] = [glob.charAt(at), glob.charAt(at + 2)];
      ranges.push(one < other ? [one, other] : [other, one]);
      at += 2;
      continue;
    }
    ranges.push([glob.charAt(at), glob.charAt(at)]);
  }
  const isIn = (byte: string): boolean => ranges.some(([low, high]) => low <= byte && byte <= high);
  return { test: isNegated ? (byte) => !isIn(byte) : isIn, end: at };
}

/** Text with one character per byte of its UTF-8. */
function bytesOf(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}
