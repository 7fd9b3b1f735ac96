import { randomBytes } from "node:crypto";
import type { Queryable } from "./queryable.ts";

/** Where a connection keeps the numbers of the savepoints of ours that are open on it, so that no module has to. */
const OPEN_PARTS: unique symbol = Symbol.for("@upshift/postgres/open-parts");

interface PartsOwner {
  [OPEN_PARTS]?: Set<number>;
}

/** A name of a savepoint that no other open part on the connection has. */
export interface PartName {
  readonly name: string;
  free(): void;
}

/**
 * Names of their own make parts that overlap fail: with one name for all, a part could undo another one that has reported success. The
 * same few names come again, since pg_stat_statements keeps every text apart.
 */
export function takePartName(connection: Queryable & PartsOwner): PartName {
  const open = openParts(connection);
  if (open === undefined)
    return { name: `upshift_part_${randomBytes(8).toString("hex")}`, free() {} };
  let number = 1;
  while (open.has(number)) number += 1;
  open.add(number);
  return { name: `upshift_part_${number}`, free: () => void open.delete(number) };
}

/** @returns `undefined` where nothing can be kept */
function openParts(connection: Queryable & PartsOwner): Set<number> | undefined {
  const known = connection[OPEN_PARTS];
  if (known !== undefined || !Object.isExtensible(connection)) return known;
  const open = new Set<number>();
  Object.defineProperty(connection, OPEN_PARTS, { value: open, enumerable: false });
  return open;
}
