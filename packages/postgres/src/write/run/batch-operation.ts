import type { TableFacts } from "../../catalog/table-facts.ts";
import type { Connection } from "../../connection/connection.ts";
import type { Chunk } from "../input/chunk-reader.ts";
import type { ColumnSets } from "../input/column-sets.ts";
import type { RowGroup } from "../input/row-group.ts";
import type { Outcome } from "./outcome.ts";

/** What is done with chunks of rows. One attempt has one of its own, made of the catalog's facts as they are then. */
export interface BatchOperation {
  readonly table: TableFacts;
  readonly sets: ColumnSets;
  /** A group is one statement, so that a single one needs no transaction. */
  readonly isOneStatement: boolean;
  /** Which rows of a chunk are written, and in which order. */
  arrange(connection: Connection, chunk: Chunk, outcome: Outcome): Promise<readonly RowGroup[]>;
  /** Writes rows of one group; the outcome changes only when it succeeds. */
  write(connection: Connection, group: RowGroup, outcome: Outcome): Promise<void>;
}
