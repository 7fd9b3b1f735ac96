/** What a handler has answered. */
export interface Recorded {
  readonly status: number;
  /** Names in lower case; those of one name one after the other. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** `undefined`: it was too large, and has gone on its way. */
  readonly body: Buffer | undefined;
  /** That the handler gave it. */
  readonly tags: ReadonlySet<string>;
}
