/** About 10 KB of JSON that compresses to an eighth, as lists of an API do. */
export interface Item {
  readonly id: number;
  readonly title: string;
  readonly author: { readonly id: number; readonly name: string };
  readonly tags: readonly string[];
  readonly priceCents: number;
  readonly createdAt: string;
}

const COUNT = 58;
const FIRST_MS = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

/** The same in every process. */
export function createItems(): readonly Item[] {
  return Array.from({ length: COUNT }, (_, id) => ({
    id: 1_000 + id,
    title: `Item ${(id * 7919) % 1_009} of the collection`,
    author: { id: (id * 31) % 97, name: `Author ${(id * 31) % 97}` },
    tags: ["new", id % 3 === 0 ? "sale" : "regular"],
    priceCents: 999 + ((id * 104_729) % 9_000),
    createdAt: new Date(FIRST_MS + id * HOUR_MS).toISOString(),
  }));
}
