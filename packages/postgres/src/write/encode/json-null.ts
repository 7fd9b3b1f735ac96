/**
 * The JSON value `null` for a `json` or `jsonb` column, where JavaScript's `null` is SQL's NULL.
 *
 * Any value works whose `toJSON` gives `null`; this is one.
 */
export const jsonNull: { toJSON(): null } = Object.freeze({ toJSON: () => null });
