import type { Codec } from "../codec/codec.ts";
import type { EntryItem, ItemKind } from "./entry.ts";

/** What the items of an entry come to: a value where one is known, else a patch. */
export type Folded<K, V> =
  | { readonly kind: "v"; readonly key: K; readonly content: V }
  | { readonly kind: "p"; readonly key: K; readonly content: Partial<V> };

export interface FoldSettings<V> {
  readonly codec: Codec;
  readonly merge: ((earlier: Partial<V>, later: Partial<V>) => Partial<V>) | undefined;
}

/**
 * @param items - at least one
 * @throws what the codec throws for text that is not its own
 */
export function foldItems<K, V>(
  items: readonly EntryItem[],
  settings: FoldSettings<V>,
): Folded<K, V> {
  const { codec, merge = shallow } = settings;
  let folded: Folded<K, V> | undefined;
  for (const { kind, payload } of items) {
    const holder = { item: codec.decode(payload) };
    if (kind === "v") {
      assertValue<K, V>(holder, settings);
      const [key, content] = holder.item;
      folded = { kind, key, content };
    } else {
      assertPatch<K, V>(holder, settings);
      const [key, patch] = holder.item;
      if (folded === undefined) folded = { kind, key, content: patch };
      else if (folded.kind === "p") folded = { kind, key, content: merge(folded.content, patch) };
      else folded = { kind: "v", key, content: applyPatch(folded.content, patch, settings) };
    }
  }
  if (folded === undefined) throw new RangeError("an entry without items");
  return folded;
}

/** The same as one item, to take the place of the others. */
export function foldToItem<V>(items: readonly EntryItem[], settings: FoldSettings<V>): EntryItem {
  const { kind, key, content } = foldItems(items, settings);
  return toItem(kind, key, content, settings);
}

/** A change as it lies in Redis: the key as the caller gave it, and what is to be. */
export function toItem(
  kind: ItemKind,
  key: unknown,
  content: unknown,
  { codec }: { readonly codec: Codec },
): EntryItem {
  return { kind, payload: codec.encode([key, content]) };
}

/** A row with a patch over it. */
export function applyPatch<V>(row: V, patch: Partial<V>, settings: FoldSettings<V>): V {
  const { merge = shallow } = settings;
  const holder: { row: unknown } = { row: merge(row, patch) };
  assertWhole(holder, settings);
  return holder.row;
}

function shallow<V>(earlier: Partial<V>, later: Partial<V>): Partial<V> {
  return { ...earlier, ...later };
}

// Under these keys lies only what `put` and `patch` wrote, whose types are known; and a whole value merged with a part is whole.

function assertValue<K, V>(
  _holder: { item: unknown },
  _settings: FoldSettings<V>,
  _key?: K,
): asserts _holder is { item: readonly [K, V] } {}

function assertPatch<K, V>(
  _holder: { item: unknown },
  _settings: FoldSettings<V>,
  _key?: K,
): asserts _holder is { item: readonly [K, Partial<V>] } {}

function assertWhole<V>(
  _holder: { row: unknown },
  _settings: FoldSettings<V>,
): asserts _holder is { row: V } {}
