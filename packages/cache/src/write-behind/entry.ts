/**
 * What is not in the database yet of one key, as it lies in Redis: `sequence count itemCount ` and then the items, each `kind sequence sizeBytes ` and its payload. A value can
 * only be the first item: it replaces what was before it.
 */
export interface Entry {
  /** Of the last change in it, in decimal. */
  readonly sequence: string;
  /** Changes that were acknowledged and are merged or superseded in it. */
  readonly changeCount: number;
  readonly items: readonly EntryItem[];
}

export interface EntryItem {
  readonly kind: ItemKind;
  /** As the codec wrote it. */
  readonly payload: string;
}

/** `v`: a whole value; `p`: a patch. */
export type ItemKind = "v" | "p";

const SPACE = 0x20;

export function parseEntry(bytes: Buffer): Entry {
  let at = 0;
  const word = (): string => {
    const end = bytes.indexOf(SPACE, at);
    const text = bytes.toString("latin1", at, end);
    at = end + 1;
    return text;
  };
  const sequence = word();
  const changeCount = Number(word());
  const itemCount = Number(word());
  const items: EntryItem[] = [];
  while (items.length < itemCount) {
    const kind = word() === "v" ? "v" : "p";
    word();
    const sizeBytes = Number(word());
    items.push({ kind, payload: bytes.toString("utf8", at, at + sizeBytes) });
    at += sizeBytes;
  }
  return { sequence, changeCount, items };
}
