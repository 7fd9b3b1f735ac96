/** Something of the user's database that the twin could not take over; what was planned may rest on less than the real thing. */
export interface Limitation {
  /** `public.orders`, `extension postgis`. */
  readonly object: string;
  /** One sentence for a person; no values. */
  readonly reason: string;
}
