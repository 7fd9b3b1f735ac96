import type { StoreSize } from "../store-size.ts";
import type { Draws } from "./draws.ts";

/** One statement that users of the shop cause. */
export interface StoreQuery {
  /** Unique, for tables: "order-history". */
  readonly name: string;
  readonly text: string;
  /** In one replay; about the proportions of a day. */
  readonly calls: number;
  /** Changes rows: replayed in a transaction that is rolled back, so that every replay meets the same data. */
  readonly writes?: true;
  /** Parameters of one call. */
  readonly values: (draws: Draws, size: StoreSize) => readonly unknown[];
}
