import type { AsyncResource } from "node:async_hooks";
import type { PointText } from "./point-text.ts";
import type { RefusalReason } from "./point-query.ts";

/** What is known of a text in one context, and who waits for it. */
export interface PointPlan {
  readonly text: PointText;
  /** Why it may not be batched after all. */
  refusal: RefusalReason | undefined;
  /** Of the table, once the catalog was asked; it is asked when two queries meet for the first time. */
  tableOid: number | undefined;
  /** Batches in a row that the server refused though it refused none of their queries. */
  failureCount: number;
  /** Not sent yet: one for each way to call it, which is nearly always one. */
  open: readonly PointBatch[];
}

export interface PointBatch {
  readonly plan: PointPlan;
  /** Of the statement that the callers want prepared; kept apart, but the batch has a name of its own. */
  readonly name: string | undefined;
  readonly isArrayMode: boolean;
  readonly waiting: WaitingQuery[];
}

export interface WaitingQuery {
  /** As it was called. */
  readonly args: readonly unknown[];
  readonly values: readonly unknown[];
  /** Where it was called: what is sent for it alone is sent there. */
  readonly scope: AsyncResource;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Its signal was aborted: nobody waits for it any more. */
  isAbandoned: boolean;
}
