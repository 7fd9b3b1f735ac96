import type { ColumnFacts, TableFacts } from "../../catalog/table-facts.ts";
import { UnknownColumnError } from "../../postgres-errors.ts";
import { type ValueText, valueTextOf } from "../encode/value-text.ts";
import { BadRowError } from "../write-errors.ts";

/** A row of the input: column name -> value. `undefined` and a name that is absent are the column's DEFAULT, `null` is NULL. */
export type InputRow = Readonly<Record<string, unknown>>;

/** The columns that some rows have a value for. */
export interface ColumnSet {
  /** Counted from 0 in the order of first appearance. */
  readonly number: number;
  /** In the table's order, whatever the order of a row's properties is. */
  readonly columns: readonly ColumnFacts[];
  readonly names: readonly string[];
  /** How the values of each column are written. */
  readonly texts: readonly ValueText[];
}

export interface ColumnRules {
  /** What values for identity columns become; `ignore` takes the table's next value instead. */
  readonly identity: "refuse" | "write" | "ignore";
  /** Columns that every row must have, and that are only read: the key that rows are found by. */
  readonly key: readonly string[];
}

/** Sorts rows by which columns they have. Rows in a row mostly have the same, which is found without building anything. */
export class ColumnSets {
  readonly #table: TableFacts;
  readonly #rules: ColumnRules;
  readonly #positions: ReadonlyMap<string, number>;
  readonly #columns: readonly ColumnFacts[];
  readonly #sets = new Map<string, ColumnSet>();
  readonly #texts = new Map<string, ValueText>();
  /** Nobody has given all objects properties that a loop over one would see. */
  readonly #mayEnumerate: boolean = Object.keys(Object.prototype).length === 0;
  #lastKeys: readonly string[] = [];
  #lastSet: ColumnSet | undefined;

  constructor(table: TableFacts, rules: ColumnRules) {
    this.#table = table;
    this.#rules = rules;
    this.#columns = [...table.columns.values()];
    this.#positions = new Map(this.#columns.map((column, position) => [column.name, position]));
  }

  get known(): readonly ColumnSet[] {
    return [...this.#sets.values()];
  }

  /** @throws {BadRowError} when it is no object */
  row(row: unknown, index: number): InputRow {
    if (isRow(row)) return row;
    throw this.#refuse(index, [], "the row is not an object");
  }

  /**
   * @throws {BadRowError} when it lacks a column that it must have, or has one that cannot be written
   * @throws {UnknownColumnError}
   */
  of(row: InputRow, index: number): ColumnSet {
    const last = this.#lastSet;
    if (last !== undefined && this.#isLike(row)) return last;
    const keys = Object.keys(row);
    const present = keys.filter((key) => row[key] !== undefined);
    const set = this.#learn(present, index);
    if (present.length === keys.length) {
      this.#lastKeys = keys;
      this.#lastSet = set;
    }
    return set;
  }

  #isLike(row: InputRow): boolean {
    const keys = this.#lastKeys;
    return this.#mayEnumerate ? hasExactly(row, keys) : hasOwnExactly(row, keys);
  }

  #learn(present: readonly string[], index: number): ColumnSet {
    const positions: number[] = [];
    for (const name of present) {
      const position = this.#positions.get(name);
      const column = position === undefined ? undefined : this.#columns[position];
      if (position === undefined || column === undefined)
        throw new UnknownColumnError(this.#table, name);
      if (this.#isWritten(column, index)) positions.push(position);
    }
    for (const name of this.#rules.key) {
      if (!present.includes(name)) throw this.#refuse(index, [name], "has no value in this row");
    }
    const ordered = positions.toSorted((left, right) => left - right);
    const id = ordered.join();
    const known = this.#sets.get(id);
    if (known !== undefined) return known;
    const columns = ordered.flatMap((position) => this.#columns[position] ?? []);
    const set: ColumnSet = {
      number: this.#sets.size,
      columns,
      names: columns.map(({ name }) => name),
      texts: columns.map((column) => this.#textOf(column)),
    };
    this.#sets.set(id, set);
    return set;
  }

  #isWritten(column: ColumnFacts, index: number): boolean {
    if (this.#rules.key.includes(column.name)) return true;
    if (column.isGenerated)
      throw this.#refuse(index, [column.name], "is computed by the table: leave it out");
    if (column.identity === undefined || this.#rules.identity === "write") return true;
    if (this.#rules.identity === "ignore") return false;
    if (column.identity === "by default") return true;
    const reason = "is GENERATED ALWAYS AS IDENTITY: leave it out, or insert with `overriding`";
    throw this.#refuse(index, [column.name], reason);
  }

  #textOf(column: ColumnFacts): ValueText {
    const known = this.#texts.get(column.name);
    if (known !== undefined) return known;
    const text = valueTextOf(column.type);
    this.#texts.set(column.name, text);
    return text;
  }

  #refuse(index: number, columns: readonly string[], reason: string): BadRowError {
    return new BadRowError({ index, table: tableLabel(this.#table), columns, reason });
  }
}

/** Schema and name, for messages. */
export function tableLabel(table: TableFacts): string {
  return `${table.schema}.${table.name}`;
}

export function isRow(value: unknown): value is InputRow {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Own properties of just these names, in this order, none of them `undefined`. It builds nothing: it is asked for every row. */
function hasExactly(row: InputRow, keys: readonly string[]): boolean {
  const prototype: unknown = Object.getPrototypeOf(row);
  // Of a plain object the loop sees its own properties alone.
  if (prototype !== Object.prototype && prototype !== null) return hasOwnExactly(row, keys);
  let count = 0;
  for (const key in row) {
    if (key !== keys[count] || row[key] === undefined) return false;
    count += 1;
  }
  return count === keys.length;
}

function hasOwnExactly(row: InputRow, keys: readonly string[]): boolean {
  const own = Object.keys(row);
  return (
    own.length === keys.length &&
    own.every((key, place) => key === keys[place] && row[key] !== undefined)
  );
}
