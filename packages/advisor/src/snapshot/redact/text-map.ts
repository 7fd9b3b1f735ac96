/** Replaces every string by a code that tells nothing but its place in the order of all strings of the snapshot. */
export interface TextMap {
  replace(text: string): string;
  /** The fixed beginning of a LIKE pattern: strings that began with it begin with the answer. */
  replacePrefix(prefix: string): string;
}

/** Gathers the strings of a snapshot, so that the codes can keep their order. */
export interface TextCollector extends TextMap {
  /** What was gathered until now. */
  gathered(): ReadonlySet<string>;
  /** @param compare - the order of the database's collation, as nearly as it is known */
  freeze(compare: (left: string, right: string) => number): TextMap;
}

/** One letter is a code ("M", "Y"), and what has neither letter nor digit is punctuation: neither tells of a person. */
const IS_KEPT = /^(?:.|[^\p{L}\p{N}]*)$/su;
/** Codes of this length and below replace strings of their own length: columns such as `char(2)` have no room for more. */
const SHORT_LENGTH = 3;
const LONGEST_REPLACEMENT = 100;

/** @param kept - strings that are schema and stay: labels of enums */
export function collectTexts(kept: ReadonlySet<string>): TextCollector {
  const texts = new Set<string>();
  const prefixes = new Set<string>();
  const isKept = (text: string): boolean => IS_KEPT.test(text) || kept.has(text);
  return {
    replace: (text) => {
      texts.add(text);
      return text;
    },
    replacePrefix: (prefix) => {
      texts.add(prefix);
      prefixes.add(prefix);
      return prefix;
    },
    gathered: () => new Set(texts),
    freeze: (compare) => {
      const replaced = [...texts].filter((text) => !isKept(text));
      const codes = new Map([
        ...encodeShort(replaced.filter((text) => text.length <= SHORT_LENGTH).toSorted(compare)),
        ...encodeLong(replaced.filter((text) => text.length > SHORT_LENGTH).toSorted(compare), [
          ...prefixes,
        ]),
      ]);
      const replacePrefix = (prefix: string): string => codes.get(prefix) ?? prefix;
      return {
        replacePrefix: (prefix) => (isKept(prefix) ? prefix : replacePrefix(prefix)),
        replace: (text) => {
          if (isKept(text)) return text;
          const code = codes.get(text) ?? "redacted";
          return code.padEnd(Math.min(text.length, LONGEST_REPLACEMENT), "x");
        },
      };
    },
  };
}

// Two or three characters, spread over all codes of that length.
function* encodeShort(sorted: readonly string[]): Iterable<readonly [string, string]> {
  for (let length = 2; length <= SHORT_LENGTH; length += 1) {
    const texts = sorted.filter((text) => text.length === length);
    const capacity = 26 * 36 ** (length - 1);
    const step = Math.max(1, Math.floor(capacity / (texts.length + 1)));
    for (const [index, text] of texts.entries()) {
      yield [text, toCode(Math.min(capacity - 1, (index + 1) * step - 1), length)];
    }
  }
}

// Codes of equal width in the order of the strings. Strings that share a prefix which a LIKE pattern asks for get codes
// with a common beginning, so that the pattern still selects them.
function* encodeLong(
  sorted: readonly string[],
  prefixes: readonly string[],
): Iterable<readonly [string, string]> {
  const groups = sorted.map((text) => ({ text, group: groupOf(text, prefixes) }));
  const heads = [...new Set(groups.map(({ text, group }) => group ?? text))];
  const width = Math.max(SHORT_LENGTH + 1, widthFor(heads.length, 26));
  const codes = new Map(heads.map((head, index) => [head, toCode(index, width)]));
  const members = new Map<string, string[]>();
  for (const { text, group } of groups) {
    if (group === null || text === group) continue;
    const list = members.get(group) ?? [];
    list.push(text);
    members.set(group, list);
  }
  for (const [head, code] of codes) yield [head, code];
  for (const [head, list] of members) {
    const memberWidth = widthFor(list.length, 36);
    for (const [index, text] of list.entries()) {
      yield [text, `${codes.get(head) ?? ""}${index.toString(36).padStart(memberWidth, "0")}`];
    }
  }
}

/** The shortest prefix that a pattern asks for; short strings have no room for a code of two parts. */
function groupOf(text: string, prefixes: readonly string[]): string | null {
  let found: string | null = null;
  for (const prefix of prefixes) {
    if (!text.startsWith(prefix) || text.length < SHORT_LENGTH + 5) continue;
    if (found === null || prefix.length < found.length) found = prefix;
  }
  return found;
}

function widthFor(count: number, firstDigits: number): number {
  let width = 1;
  for (let capacity = firstDigits; capacity < count; capacity *= 36) width += 1;
  return width;
}

/** A letter, then digits and letters: sorts alike in C and in every language's collation. */
function toCode(rank: number, width: number): string {
  const tail = 36 ** (width - 1);
  const letter = String.fromCodePoint(97 + Math.floor(rank / tail));
  return width === 1 ? letter : `${letter}${(rank % tail).toString(36).padStart(width - 1, "0")}`;
}
