import type { Entry } from "./entry.ts";
import { foldItems, type FoldSettings } from "./fold.ts";
import type { Pending } from "./write-behind-store.ts";

/** @throws what the codec throws */
export function toPending<V>(
  { items, sequence }: Pick<Entry, "items" | "sequence">,
  settings: FoldSettings<V>,
): Pending<V> {
  const folded = foldItems<V>(items, settings);
  return folded.kind === "v"
    ? { sequence, value: folded.value }
    : { sequence, patch: folded.patch };
}
