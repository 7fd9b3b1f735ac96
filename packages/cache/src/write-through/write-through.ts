import { assertFunction } from "@upshift/foundation";

/** Writes to the database before the cache is told. */
export interface WriteThrough<Input, Value> {
  readonly kind: "through";
  /** @returns the value as the database has it, where that is not the one that was given */
  readonly save: (
    input: Input,
    value: Value,
    context: { readonly signal: AbortSignal | undefined },
  ) => Promise<NoInfer<Value> | void>;
}

/**
 * `set` writes to the database first, and to the cache once the database has it. Of two writes that overlap the cache keeps neither, unless a `version` tells which is newer. When the
 * database refuses, the cached value is removed, since nobody knows what the database has.
 *
 * @throws {InvalidArgumentError} when `save` is no function
 */
export function writeThrough<Input, Value>(
  save: WriteThrough<Input, Value>["save"],
): WriteThrough<Input, Value> {
  assertFunction("save", save);
  return { kind: "through", save };
}
