/** A replacement in a text, in UTF-8 byte offsets as the grammar gives them. */
export interface ByteEdit {
  readonly startByte: number;
  readonly endByte: number;
  readonly text: string;
}

/** Applies edits that do not overlap, in any order. */
export function editBytes(text: string, edits: readonly ByteEdit[]): string {
  if (edits.length === 0) return text;
  const bytes = Buffer.from(text, "utf8");
  const parts: Buffer[] = [];
  let position = 0;
  for (const edit of edits.toSorted((a, b) => a.startByte - b.startByte)) {
    parts.push(bytes.subarray(position, edit.startByte), Buffer.from(edit.text, "utf8"));
    position = edit.endByte;
  }
  parts.push(bytes.subarray(position));
  return Buffer.concat(parts).toString("utf8");
}
