/**
 * A map that forgets what was not asked for lately. Two generations: when the younger is full the older is dropped, so a hit costs one look-up and nothing
 * is moved around.
 */
export class RecentMap<K, V> {
  readonly #generationSize: number;
  #younger = new Map<K, V>();
  #older = new Map<K, V>();

  /** @param sizeLimit - entries it never exceeds; at least half as many of the latest are kept */
  constructor(sizeLimit: number) {
    this.#generationSize = Math.max(1, Math.floor(sizeLimit / 2));
  }

  get size(): number {
    return this.#younger.size + this.#older.size;
  }

  /** Without counting as a use. */
  has(key: K): boolean {
    return this.#younger.has(key) || this.#older.has(key);
  }

  get(key: K): V | undefined {
    const value = this.#younger.get(key);
    if (value !== undefined) return value;
    const older = this.#older.get(key);
    if (older === undefined) return undefined;
    this.#older.delete(key);
    this.set(key, older);
    return older;
  }

  set(key: K, value: V): void {
    if (this.#younger.size >= this.#generationSize && !this.#younger.has(key)) {
      this.#older = this.#younger;
      this.#younger = new Map();
    }
    this.#older.delete(key);
    this.#younger.set(key, value);
  }

  delete(key: K): void {
    this.#younger.delete(key);
    this.#older.delete(key);
  }
}
