/** A pull found the source at its end. */
export const ENDED: unique symbol = Symbol("ended");
/** A pull has not been answered yet. */
export const LATER: unique symbol = Symbol("later");
