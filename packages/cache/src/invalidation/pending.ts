import type { News } from "../journal/news.ts";
import { type NamePattern, parseGlob } from "./glob.ts";
import { EVERYTHING } from "./tag-times.ts";

/** An invalidation that Redis has not taken yet. */
export interface Pending {
  readonly news: News;
  readonly matches: NamePattern | undefined;
  /** How many calls it stands for. */
  count: number;
}

const ALL: News = ["tag", EVERYTHING];

/** Beyond this many, everything is invalidated in their place. */
const MOST_ITEMS = 10_000;

/** Invalidations that Redis has not taken yet, each once. */
export class PendingInvalidations {
  readonly #items = new Map<string, Pending>();
  #patternCount = 0;

  get size(): number {
    return this.#items.size;
  }

  /** @returns those that are not kept any more, since everything is invalidated in their place */
  add(news: readonly News[]): readonly Pending[] {
    for (const each of news) this.#addOne(each);
    if (this.#items.size <= MOST_ITEMS) return [];
    const everything = this.#items.get(idOf(ALL));
    this.#items.delete(idOf(ALL));
    const replaced = Array.from(this.#items.values());
    this.#items.clear();
    this.#patternCount = 0;
    if (everything !== undefined) this.#items.set(idOf(ALL), everything);
    this.#addOne(ALL);
    return replaced;
  }

  /** A copy of what is there now. */
  list(): readonly Pending[] {
    return Array.from(this.#items.values(), (item) => ({ ...item }));
  }

  /** Redis has taken it; what came for the same since then stays. */
  remove({ news, count }: Pending): void {
    const id = idOf(news);
    const item = this.#items.get(id);
    if (item === undefined) return;
    item.count -= count;
    if (item.count > 0) return;
    this.#items.delete(id);
    if (item.matches !== undefined) this.#patternCount -= 1;
  }

  /** Whether what Redis has under this key may be something that was invalidated here. */
  covers(definition: string, key: string): boolean {
    if (this.#items.size === 0) return false;
    if (this.#items.has(idOf(["key", definition, key, 0]))) return true;
    if (this.#items.has(idOf(["expire", definition, key]))) return true;
    if (this.#patternCount === 0) return false;
    const name = `${definition}:${key}`;
    for (const { matches } of this.#items.values()) if (matches?.test(name) === true) return true;
    return false;
  }

  #addOne(news: News): void {
    const id = idOf(news);
    const item = this.#items.get(id);
    const matches = news[0] === "pattern" ? parseGlob(news[1]) : undefined;
    if (item === undefined && matches !== undefined) this.#patternCount += 1;
    this.#items.set(id, {
      news: item === undefined ? news : longerHold(item.news, news),
      matches,
      count: (item?.count ?? 0) + 1,
    });
  }
}

const idOf = (news: News): string =>
  news[0] === "key" ? `key ${news[1]}:${news[2]}` : news.join(" ");

function longerHold(one: News, other: News): News {
  return one[0] === "key" && other[0] === "key" && one[3] > other[3] ? one : other;
}
