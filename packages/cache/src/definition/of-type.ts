/** Gives values their type back that a definition has stored: what it stores is what it reads, as far as anybody can know. */
export class OfType<T> {
  given(value: unknown): T {
    if (!this.isGiven(value)) throw new TypeError("no value");
    return value;
  }

  isGiven(value: unknown): value is T {
    return value !== NOTHING;
  }
}

/** No value is this one. */
const NOTHING = Symbol("nothing");
