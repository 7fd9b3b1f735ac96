import type { Before } from "./before.ts";
import type { NamePattern } from "./glob.ts";

/** What invalidations do to the values of one definition in this process. */
export interface Invalidated {
  readonly name: string;
  /** Drops the entry and keeps loads under way from storing theirs, where they began before the clock and the ordinal. */
  forget(key: string, before: Before): void;
  expire(key: string, before: Before): void;
  forgetMatching(pattern: NamePattern, before: Before): void;
  /** Loads under way may not have seen it: who reads from now on does not join them. */
  leaveFlights(before: Before): void;
}
