import type { News } from "../../src/journal/news.ts";

/** Keys of the database; its values are version numbers that grow. */
export type Key = "a" | "b";
export const KEYS: readonly Key[] = ["a", "b"];

/** For each key the version below which nothing may be given out any more. */
export type Floors = Readonly<Record<Key, number>>;

const NONE: Floors = { a: 0, b: 0 };

function higher(one: Floors, other: Floors): Floors {
  return { a: Math.max(one.a, other.a), b: Math.max(one.b, other.b) };
}

/** An invalidation from its call to its answer. */
export interface Invalidation {
  readonly process: string;
  /** As the journal will tell it. */
  readonly news: string;
  /** What the database was changed to before. */
  floors: Floors;
  isAnnounced: boolean;
}

/** What the promise of the cache says at each moment. */
export class Model {
  /** Invalidations that were answered `applied`: reads without memory, and Redis. */
  applied: Floors = NONE;
  readonly #own = new Map<string, Floors>();
  readonly #heard = new Map<string, Floors>();
  readonly #running = new Set<Invalidation>();
  readonly #announced = new Map<string, Invalidation>();
  /** Values that were set while something else was invalidated: nobody can say what came first. */
  readonly concurrent = new Set<number>();
  readonly #sets = new Set<number>();
  #version = 0;
  readonly rows: Record<Key, number> = { a: 0, b: 0 };

  /** The database is written to. @returns the new version */
  write(key: Key): number {
    this.#version += 1;
    this.rows[key] = this.#version;
    return this.#version;
  }

  begin(process: string, news: readonly News[], keys: readonly Key[]): Invalidation {
    const floors = { ...NONE };
    for (const key of keys) floors[key] = this.rows[key];
    const invalidation: Invalidation = {
      process,
      news: JSON.stringify(news),
      floors,
      isAnnounced: false,
    };
    this.#running.add(invalidation);
    for (const version of this.#sets) this.concurrent.add(version);
    return invalidation;
  }

  beginSet(version: number): void {
    this.#sets.add(version);
    if (this.#running.size > 1) this.concurrent.add(version);
  }

  endSet(version: number): void {
    this.#sets.delete(version);
  }

  end(invalidation: Invalidation, status: string, isStrict: boolean, all: readonly string[]): void {
    this.#running.delete(invalidation);
    const { process, floors } = invalidation;
    this.#raise(this.#own, process, floors);
    if (status !== "applied") return;
    this.applied = higher(this.applied, floors);
    if (isStrict) for (const each of all) this.#raise(this.#heard, each, floors);
  }

  /** @param body - what is told to all */
  announced(process: string, clock: string, body: string): void {
    const news = JSON.stringify(JSON.parse(body).slice(2));
    for (const each of this.#running)
      if (each.process === process && each.news === news && !each.isAnnounced) {
        each.isAnnounced = true;
        this.#announced.set(clock, each);
        return;
      }
  }

  delivered(process: string, text: string): void {
    const invalidation = this.#announced.get(text.split(" ", 1)[0] ?? "");
    // Who invalidates is promised nothing before the answer.
    if (invalidation !== undefined && invalidation.process !== process)
      this.#raise(this.#heard, process, invalidation.floors);
  }

  /** The least that memory of this process may have. */
  inMemory(process: string): Floors {
    return higher(this.#own.get(process) ?? NONE, this.#heard.get(process) ?? NONE);
  }

  /** The least that a read of this process may give that starts now. */
  forRead(process: string, hasMemory: boolean): Floors {
    const known = this.inMemory(process);
    return hasMemory ? known : higher(known, this.applied);
  }

  /** What is a violation, if it is one. */
  check(where: string, key: Key, version: number, least: number): string | undefined {
    if (version >= least || this.concurrent.has(version)) return undefined;
    return `${where}: ${key} is of version ${version}, and ${least} was promised`;
  }

  #raise(of: Map<string, Floors>, process: string, floors: Floors): void {
    of.set(process, higher(of.get(process) ?? NONE, floors));
  }
}
