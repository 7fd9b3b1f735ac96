/** What began before: by the journal's clock, and by what this process had heard. */
export interface Before {
  readonly clock: number;
  readonly ordinal: number;
}

export const isBefore = (one: Before, other: Before): boolean =>
  one.clock < other.clock && one.ordinal < other.ordinal;
