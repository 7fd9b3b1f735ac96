/** Freezes plain objects and arrays all the way down; what is frozen already is taken to be so all the way. */
export function deepFreeze(value: unknown): void {
  const open: unknown[] = [value];
  while (open.length > 0) {
    const each = open.pop();
    if (typeof each !== "object" || each === null || Object.isFrozen(each)) continue;
    // Bytes cannot be frozen.
    if (ArrayBuffer.isView(each)) continue;
    Object.freeze(each);
    open.push(...Object.values(each));
  }
}
