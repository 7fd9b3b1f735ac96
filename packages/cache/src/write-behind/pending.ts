import type { Entry } from "./entry.ts";
import { foldItems, type FoldSettings } from "./fold.ts";
import type { Pending } from "./write-behind-store.ts";

/** @throws what the codec throws */
export function toPending<V>(
  { items, sequence }: Pick<Entry, "items" | "sequence">,
  settings: FoldSettings<V>,
): Pending<V> {
  const { kind, content } = foldItems<unknown, V>(items, settings);
  return kind === "v" ? { sequence, value: content } : { sequence, patch: content };
}
