/** A row as an import has it. */
export interface Item {
  readonly account: number;
  readonly name: string;
  readonly at: string;
  readonly amount: string;
  readonly active: boolean;
}

/** Definitions of the columns of a row, in its order. */
export const ITEM_COLUMNS: readonly string[] = [
  "account int",
  "name text",
  "at timestamptz",
  "amount numeric",
  "active boolean",
];

/** The same rows every time. */
export function itemRows(count: number): readonly Item[] {
  return Array.from({ length: count }, (_, index) => ({
    account: (index * 7_919) % 100_003,
    name: `item number ${index} of the import`,
    at: new Date(Date.UTC(2026, 0, 1) + index * 1_000).toISOString(),
    amount: `${index % 1_000}.${String(index % 100).padStart(2, "0")}`,
    active: index % 3 === 0,
  }));
}
