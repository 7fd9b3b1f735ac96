import type { ItemSource } from "./item-source.ts";
import { ENDED } from "./pulled.ts";

/** An array, read by position as its iterator does, which would cost as much as the rest of a run. */
export class ListSource<Item> implements ItemSource<Item> {
  readonly isPulling = false;
  readonly #items: readonly Item[];
  #position = 0;
  #isExhausted = false;

  constructor(items: readonly Item[]) {
    this.#items = items;
  }

  get isExhausted(): boolean {
    return this.#isExhausted;
  }

  pull(): Item | typeof ENDED {
    if (this.#position < this.#items.length) return itemAt(this.#items, this.#position++);
    this.#isExhausted = true;
    return ENDED;
  }

  whenAnswered(): void {}

  leave(): undefined {
    this.#isExhausted = true;
  }
}

/** False for arrays that somebody has given another way to iterate. */
export function isPlainArray<Item>(
  source: Iterable<Item> | AsyncIterable<Item>,
): source is readonly Item[] {
  return (
    Array.isArray(source) &&
    !(Symbol.asyncIterator in source) &&
    source[Symbol.iterator] === Array.prototype.values
  );
}

/** What is there, a hole of the array too. */
function itemAt<Item>(items: readonly Item[], position: number): Item;
function itemAt(items: readonly unknown[], position: number): unknown {
  return items[position];
}
