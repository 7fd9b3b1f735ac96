import type { Codec } from "../codec/codec.ts";
import type { EntryItem } from "./entry.ts";

/** What the items of an entry come to: a value where one is known, else a patch. */
export type Folded<V> =
  | { readonly kind: "v"; readonly value: V }
  | { readonly kind: "p"; readonly patch: Partial<V> };

export interface FoldSettings<V> {
  readonly codec: Codec;
  readonly merge: ((earlier: Partial<V>, later: Partial<V>) => Partial<V>) | undefined;
}

/** @throws what the codec throws for text that is not its own */
export function foldItems<V>(items: readonly EntryItem[], settings: FoldSettings<V>): Folded<V> {
  const { merge = shallow } = settings;
  let folded: Folded<V> | undefined;
  for (const { kind, payload } of items) {
    if (kind === "v") folded = { kind, value: decodeValue(payload, settings) };
    else {
      const patch = decodePatch(payload, settings);
      if (folded === undefined) folded = { kind, patch };
      else if (folded.kind === "p") folded = { kind, patch: merge(folded.patch, patch) };
      else folded = { kind: "v", value: applyPatch(folded.value, patch, settings) };
    }
  }
  return folded ?? { kind: "p", patch: {} };
}

/** The same as one item, to take the place of the others. */
export function foldToItem<V>(items: readonly EntryItem[], settings: FoldSettings<V>): EntryItem {
  const folded = foldItems(items, settings);
  const content = folded.kind === "v" ? folded.value : folded.patch;
  return { kind: folded.kind, payload: settings.codec.encode(content) };
}

/** A row with a patch over it. */
export function applyPatch<V>(row: V, patch: Partial<V>, settings: FoldSettings<V>): V {
  const { merge = shallow } = settings;
  const holder: { value: unknown } = { value: merge(row, patch) };
  assertValue(holder, settings);
  return holder.value;
}

function shallow<V>(earlier: Partial<V>, later: Partial<V>): Partial<V> {
  return { ...earlier, ...later };
}

function decodeValue<V>(text: string, settings: FoldSettings<V>): V {
  const holder = { value: settings.codec.decode(text) };
  assertValue(holder, settings);
  return holder.value;
}

function decodePatch<V>(text: string, settings: FoldSettings<V>): Partial<V> {
  const holder = { value: settings.codec.decode(text) };
  assertPatch(holder, settings);
  return holder.value;
}

// Under these keys lies only what `put` and `patch` wrote, whose types are `V` and `Partial<V>`; and a whole value merged with a part is whole.

function assertValue<V>(
  _holder: { value: unknown },
  _settings: FoldSettings<V>,
): asserts _holder is { value: V } {}

function assertPatch<V>(
  _holder: { value: unknown },
  _settings: FoldSettings<V>,
): asserts _holder is { value: Partial<V> } {}
