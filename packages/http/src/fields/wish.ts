import { InvalidFieldsError } from "./fields-errors.ts";

/** What was asked for: each name once, however often it was named. */
export interface Wish {
  /** Asked for by its name alone. */
  readonly isWhole: boolean;
  readonly parts: ReadonlyMap<string, Wish>;
}

/** A wish that names are added to. */
export interface OpenWish extends Wish {
  isWhole: boolean;
  readonly parts: Map<string, OpenWish>;
}

export interface WishLimits {
  /** Characters. */
  readonly maxLength: number;
  /** Names within names; 1 for none. */
  readonly maxDepth: number;
}

export function emptyWish(): OpenWish {
  return { isWhole: false, parts: new Map() };
}

const PUNCTUATION = /[,()]/g;

/**
 * Reads `id,author(name,avatar(url))`; `author.name` is the same as `author(name)`. Spaces around names do not count.
 *
 * One pass and no recursion: time is linear in the length, whatever the text is.
 *
 * @throws {InvalidFieldsError}
 */
export function readWish(text: string, { maxLength, maxDepth }: WishLimits, into: OpenWish): void {
  if (text.length > maxLength) {
    throw new InvalidFieldsError(
      `The fields have ${text.length} characters, more than the ${maxLength} that are read.`,
    );
  }
  /** Where names go, and how deep that is. */
  const open = [{ wish: into, depth: 0 }];
  /** The last character that is no part of a name, or the start. */
  let before = "start";
  let start = 0;
  const marks = [...text.matchAll(PUNCTUATION)].map(({ 0: mark, index }) => ({ mark, index }));
  marks.push({ mark: "end", index: text.length });
  for (const { mark, index } of marks) {
    const place = open.at(-1);
    if (place === undefined) break;
    const name = text.slice(start, index).trim();
    start = index + 1;
    // After a closing bracket comes no name, and everywhere else one has to.
    if ((name === "") !== (before === ")")) {
      throw new InvalidFieldsError(
        name === "" ? `A name is missing at character ${index + 1}.` : missingComma(index),
      );
    }
    if (name !== "") {
      const found = descend(place.wish, name, place.depth, maxDepth);
      if (mark === "(") open.push(found);
      else found.wish.isWhole = true;
    } else if (mark === "(") throw new InvalidFieldsError(missingComma(index));
    if (mark === ")") {
      open.pop();
      if (open.length === 0) {
        throw new InvalidFieldsError(`A \`)\` too many at character ${index + 1}.`);
      }
    }
    before = mark;
  }
  if (open.length > 1) throw new InvalidFieldsError(`${open.length - 1} \`)\` are missing.`);
}

function missingComma(index: number): string {
  return `A comma is missing before character ${index + 1}.`;
}

function descend(
  wish: OpenWish,
  path: string,
  depth: number,
  maxDepth: number,
): { readonly wish: OpenWish; readonly depth: number } {
  let [place, placeDepth] = [wish, depth];
  for (const name of path.split(".")) {
    placeDepth += 1;
    if (name === "") throw new InvalidFieldsError("A dot has no name beside it.");
    if (placeDepth > maxDepth) {
      throw new InvalidFieldsError(`Fields are nested deeper than ${maxDepth}.`);
    }
    const known = place.parts.get(name);
    const next = known ?? emptyWish();
    if (known === undefined) place.parts.set(name, next);
    place = next;
  }
  return { wish: place, depth: placeDepth };
}
