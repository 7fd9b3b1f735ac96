import type { TableFacts } from "../../catalog/table-facts.ts";
import type { Connection } from "../../connection/connection.ts";
import type { ColumnSet, ColumnSets } from "../input/column-sets.ts";
import type { RowReader } from "../input/row-source.ts";
import { isRowRejection } from "../run/rejection.ts";
import { CopyGroup, type LineForm } from "./copy-group.ts";
import { CopyRejection } from "./copy-rejection.ts";
import { canCopy, type CopyIn, startCopy } from "./copy-in.ts";

/**
 * Rows that one COPY takes. Its rows are kept until the server has them all, so that one that it refuses can be found; more rows per COPY would
 * only keep more.
 */
const SLICE_ROWS = 50_000;
const SLICE_CHARACTERS = 8 * 1024 * 1024;

/** Where rows are copied to. */
export interface CopyTarget {
  /** Whose rows they are, for messages. */
  readonly table: TableFacts;
  /** Name of the table that COPY fills, without its schema: what the server calls it. */
  readonly relationName: string;
  /** Sets with the same key go into one COPY. */
  keyOf(set: ColumnSet): unknown;
  form(set: ColumnSet): LineForm;
  /** `COPY … FROM STDIN`; `undefined` where these columns cannot be copied. */
  statement(set: ColumnSet): string | undefined;
  /** Told how many rows a COPY took: without those that a trigger dropped. */
  copied(count: number): void;
  /** Writes rows that cannot be copied: those without any column. */
  insert(group: CopyGroup): Promise<void>;
}

export interface CopySlicesOptions {
  readonly target: CopyTarget;
  readonly sets: ColumnSets;
  readonly reader: RowReader;
  readonly signal: AbortSignal | undefined;
  /** Rows per COPY at most; default 50,000. */
  readonly sliceRows?: number;
  /** Index of the first row. */
  readonly firstIndex?: number;
  /** Stops after this many slices. */
  readonly maxSlices?: number;
}

/**
 * Copies rows, one COPY after the other. Within one, the rows are sent while they are read and written; rows with other columns than the first one's
 * wait for the end of it.
 *
 * @returns rows that were read
 * @throws {CopyRejection} when the server refuses a row
 * @throws {BadRowError} when a row cannot be sent
 */
export async function copySlices(
  connection: Connection,
  options: CopySlicesOptions,
): Promise<number> {
  let count = 0;
  const { maxSlices = Number.POSITIVE_INFINITY, sliceRows = SLICE_ROWS } = options;
  for (let slice = 0; slice < maxSlices; slice += 1) {
    const read = await copySlice(connection, options, (options.firstIndex ?? 0) + count, sliceRows);
    count += read;
    if (read === 0) break;
  }
  return count;
}

async function copySlice(
  connection: Connection,
  { target, sets, reader, signal }: CopySlicesOptions,
  firstIndex: number,
  sliceRows: number,
): Promise<number> {
  const groups = new Map<unknown, CopyGroup>();
  let leading: { readonly group: CopyGroup; readonly copy: CopyIn } | undefined;
  let count = 0;
  let characters = 0;
  let interruption: unknown;
  const interrupt = (error: unknown): void => {
    interruption = error;
    reader.interrupt(error);
  };
  const start = (group: CopyGroup): CopyIn | undefined => {
    const text = target.statement(group.set);
    if (text === undefined) return undefined;
    const { driver } = connection;
    if (!canCopy(driver)) throw new TypeError("the driver has no COPY");
    // A source may be waited for long after the server has ended the COPY.
    return startCopy(connection, driver, text, { signal, onFailed: interrupt });
  };
  try {
    while (count < sliceRows && characters < SLICE_CHARACTERS) {
      const taken = reader.next();
      const item = taken instanceof Promise ? await taken : taken;
      if (item === undefined) break;
      const index = firstIndex + count;
      const row = sets.row(item.row, index);
      const set = sets.of(row, index);
      const key = target.keyOf(set);
      let group = groups.get(key);
      if (group === undefined) {
        groups.set(key, (group = new CopyGroup(target.table, set, target.form(set))));
        if (leading === undefined) {
          const copy = start(group);
          if (copy !== undefined) leading = { group, copy };
        }
      }
      const before = group.characters;
      const isFull = group.add(row, index, set);
      characters += group.characters - before;
      count += 1;
      if (isFull && leading?.group === group) await sent(target, group, leading.copy, false);
    }
    for (const group of groups.values()) {
      const isLeading = leading?.group === group;
      const copy = isLeading ? leading?.copy : start(group);
      if (copy === undefined) {
        await target.insert(group);
        continue;
      }
      if (!isLeading) leading = { group, copy };
      await sent(target, group, copy, true);
    }
  } catch (error) {
    leading?.copy.fail();
    throw error === interruption && leading !== undefined
      ? rejectionOf(error, leading.group, target)
      : error;
  }
  return count;
}

/** Sends what a group has; the last time, waits until the server has it. */
async function sent(
  target: CopyTarget,
  group: CopyGroup,
  copy: CopyIn,
  isLast: boolean,
): Promise<void> {
  try {
    await group.send(copy, isLast);
    if (isLast) target.copied(await copy.end());
  } catch (error) {
    throw rejectionOf(error, group, target);
  }
}

function rejectionOf(error: unknown, group: CopyGroup, { relationName }: CopyTarget): unknown {
  return isRowRejection(error) ? new CopyRejection(error, group, relationName) : error;
}
