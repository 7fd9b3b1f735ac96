import { type Before, isBefore } from "../invalidation/before.ts";
import type { Flight } from "./flight.ts";

/** The loads of one definition that are under way in this process: one per key that is joined, and those that nobody joins any more but that still have to hear what they may not store. */
export class Flights {
  readonly #joined = new Map<string, Flight>();
  readonly #left = new Set<Flight>();

  get(key: string): Flight | undefined {
    return this.#joined.get(key);
  }

  has(key: string): boolean {
    return this.#joined.has(key);
  }

  add(flight: Flight): void {
    this.#joined.set(flight.key, flight);
  }

  /** It hears what others hear, and nobody joins it. */
  addAlone(flight: Flight): void {
    this.#left.add(flight);
  }

  end(flight: Flight): void {
    if (this.#joined.get(flight.key) === flight) this.#joined.delete(flight.key);
    else this.#left.delete(flight);
  }

  /** Who reads from now on does not join those that began before. */
  leave(before: Before): void {
    for (const flight of Array.from(this.#joined.values()))
      if (isBefore(flight, before) || hasOlder(flight, before)) this.#leave(flight);
  }

  /**
   * They may store nothing.
   *
   * @param isForgotten - and fall back on nothing
   */
  void(before: Before, isMeant: (key: string) => boolean, isForgotten: boolean): void {
    for (const flight of this.#all()) {
      if (!isMeant(flight.key)) continue;
      if (isBefore(flight, before)) this.#void(flight, isForgotten);
      else if (hasOlder(flight, before)) {
        // Its load is newer; what it may have given out until then is not.
        if (isForgotten) flight.isForgotten = true;
        this.#leave(flight);
      }
    }
  }

  voidAll(): void {
    for (const flight of this.#all()) this.#void(flight, true);
  }

  #all(): readonly Flight[] {
    return [...this.#joined.values(), ...this.#left];
  }

  #void(flight: Flight, isForgotten: boolean): void {
    flight.isVoid = true;
    if (isForgotten) flight.isForgotten = true;
    this.#leave(flight);
  }

  #leave(flight: Flight): void {
    if (this.#joined.get(flight.key) !== flight) return;
    this.#joined.delete(flight.key);
    this.#left.add(flight);
  }
}

const hasOlder = ({ stale }: Flight, before: Before): boolean =>
  stale !== undefined && isBefore(stale, before);
