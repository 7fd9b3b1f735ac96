/** A place in an order: per key the text of its value, or `null` for NULL. */
export type Position = readonly (string | null)[];
