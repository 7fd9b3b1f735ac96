import { LuaError, type LuaValue } from "./lua-value.ts";

/** A table: what has the keys 1, 2, … without a gap is an array, the rest a map. */
export class LuaTable {
  /** A value of the host's that scripts can only pass on is `userdata`. */
  readonly kind: "table" | "userdata";
  metatable: LuaTable | undefined = undefined;
  /** Its assignments raise, as those of the globals of a script do. */
  isReadonly = false;
  readonly #array: LuaValue[] = [];
  readonly #map = new Map<LuaValue, LuaValue>();
  /** Order of a traversal that is under way: keys as they were at its beginning. */
  #traversal: readonly LuaValue[] = [];
  #step = 0;

  constructor(kind: "table" | "userdata" = "table") {
    this.kind = kind;
  }

  static of(values: readonly LuaValue[]): LuaTable {
    const table = new LuaTable();
    for (const [index, value] of values.entries()) table.set(index + 1, value);
    return table;
  }

  get length(): number {
    return this.#array.length;
  }

  get(key: LuaValue): LuaValue {
    if (typeof key === "number") {
      const value = this.#array[key - 1];
      if (value !== undefined) return value;
    }
    return this.#map.size === 0 ? undefined : this.#map.get(key);
  }

  set(key: LuaValue, value: LuaValue): void {
    if (key === undefined) throw new LuaError("table index is nil");
    if (typeof key === "number") {
      if (Number.isNaN(key)) throw new LuaError("table index is NaN");
      if (this.#setInArray(key, value)) return;
    }
    if (value === undefined) this.#map.delete(key);
    else this.#map.set(key, value);
  }

  #setInArray(key: number, value: LuaValue): boolean {
    const { length } = this.#array;
    if (key === length + 1) {
      if (value === undefined) return false;
      this.#map.delete(key);
      this.#array.push(value);
      // What waited behind the gap follows.
      while (this.#map.size > 0) {
        const next = this.#array.length + 1;
        const waiting = this.#map.get(next);
        if (waiting === undefined) break;
        this.#map.delete(next);
        this.#array.push(waiting);
      }
      return true;
    }
    if (!Number.isInteger(key) || key < 1 || key > length) return false;
    if (value !== undefined) this.#array[key - 1] = value;
    else {
      // A hole ends the array: what is behind it moves into the map.
      for (let index = key; index < length; index += 1)
        this.#map.set(index + 1, this.#array[index]);
      this.#array.length = key - 1;
    }
    return true;
  }

  insert(position: number, value: LuaValue): void {
    if (position === this.#array.length + 1) this.set(position, value);
    else this.#array.splice(position - 1, 0, value);
  }

  remove(position: number): LuaValue {
    const { length } = this.#array;
    if (position < 1 || position > length) return undefined;
    return this.#array.splice(position - 1, 1)[0];
  }

  sort(compare: (left: LuaValue, right: LuaValue) => number): void {
    const sorted = this.#array.toSorted(compare);
    for (const [index, value] of sorted.entries()) this.#array[index] = value;
  }

  /** The key after `key`, from `undefined` to `undefined`; entries may be changed and removed on the way. */
  next(key: LuaValue): readonly [LuaValue, LuaValue] | undefined {
    if (key === undefined) {
      this.#traversal = [...this.#array.map((_, index) => index + 1), ...this.#map.keys()];
      this.#step = 0;
    } else if (this.#traversal[this.#step - 1] !== key) {
      this.#step = this.#traversal.indexOf(key) + 1;
      if (this.#step === 0) throw new LuaError("invalid key to 'next'");
    }
    while (this.#step < this.#traversal.length) {
      const found = this.#traversal[this.#step];
      this.#step += 1;
      const value = this.get(found);
      if (value !== undefined) return [found, value];
    }
    return undefined;
  }
}
