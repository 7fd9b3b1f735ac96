import type { ChosenField } from "./choose-fields.ts";
import type { FieldSelection } from "./field-selection.ts";

/** What may be left of a value. */
export type Picked<T> = T extends readonly (infer Item)[]
  ? Picked<Item>[]
  : T extends Date
    ? T
    : T extends object
      ? { [K in keyof T]?: Picked<T[K]> }
      : T;

/**
 * A copy of a plain object, or of each of an array, with the fields of a selection only. `null` stays; where an object was to be and something else is, nothing is given out. Only own
 * properties count.
 *
 * Single values are passed on as they are, objects among them: leave nothing in those that was not meant to be seen.
 */
export function pick<T>(value: T, selection: FieldSelection): Picked<T>;
export function pick(value: unknown, { fields }: FieldSelection): unknown {
  return pickFields(value, fields);
}

function pickFields(value: unknown, fields: readonly ChosenField[]): unknown {
  if (value === null) return null;
  if (Array.isArray(value)) return value.map((item: unknown) => pickFields(item, fields));
  if (typeof value !== "object") return undefined;
  const picked: Record<string, unknown> = {};
  for (const { name, fields: inside } of fields) {
    if (!Object.hasOwn(value, name)) continue;
    const own: unknown = Reflect.get(value, name);
    const kept = inside === undefined ? own : pickFields(own, inside);
    if (kept !== undefined) picked[name] = kept;
  }
  return picked;
}
