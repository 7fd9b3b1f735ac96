import { systemClock } from "@upshift/foundation";
import { abortable } from "../connection/abortable.ts";
import type { Connection } from "../connection/connection.ts";
import { inTransaction } from "../connection/in-transaction.ts";
import { isPoolLike, type Queryable, type Row } from "../connection/queryable.ts";
import type { BatchSizing } from "./batch-size.ts";
import { openCursor } from "./cursor.ts";
import { Handoff } from "./handoff.ts";
import type { SingleQuery } from "./single-query.ts";
import { setLocally, type StreamLimits, streamSettings } from "./transaction-settings.ts";
import type { Watch } from "./watch.ts";

export interface RowBatchesOptions extends StreamLimits {
  readonly sizing: BatchSizing;
  readonly watch: Watch;
}

/** A statement that runs longer than this when nobody wants its rows any more is cancelled. Most end by themselves, which saves a connection for the cancel request. */
const CLOSE_GRACE_MS = 100;
/** After this the connection is given up. */
const CANCEL_GRACE_MS = 2_000;
const UNWANTED = "nobody wants the rows any more";

/**
 * The rows of a query in batches, over a cursor on a connection of its own that is held from here until `close` or the last batch was fetched.
 * The next batch is fetched while the caller works on the last one.
 */
export class RowBatches<R extends Row> {
  readonly #handoff = new Handoff<readonly R[]>();
  readonly #watch: Watch;
  readonly #finished: Promise<void>;
  /** Whether there is a connection yet. */
  #isConnected = false;
  /** Where a statement of ours is running. */
  #busy: Connection | undefined;
  #isClosed = false;
  #isFinished = false;

  constructor(db: Queryable, query: SingleQuery, options: RowBatchesOptions) {
    this.#watch = options.watch;
    const produced = inTransaction(
      db,
      (connection) =>
        this.#produce(connection, db, query, options).finally(() => (this.#busy = undefined)),
      {
        begin: "BEGIN READ ONLY",
        signal: options.watch.signal,
      },
    );
    this.#finished = produced
      .then(
        () => this.#handoff.end(),
        (error: unknown) => this.#handoff.fail(error),
      )
      .then(() => void (this.#isFinished = true));
  }

  /** Whether the connection has gone back. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  /**
   * @returns `undefined` after the last batch
   * @throws what the driver throws, or why the watch ended it
   */
  next(): Promise<readonly R[] | undefined> {
    return abortable(this.#handoff.take(), this.#watch.signal);
  }

  /** Gives the connection back; resolves when that is done. A statement that goes on is cancelled first. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#handoff.close();
    if (!this.#isConnected) this.#watch.stop(new Error(UNWANTED));
    const cancel = systemClock.after(CLOSE_GRACE_MS, () => {
      this.#busy?.cancel();
    });
    const giveUp = systemClock.after(CLOSE_GRACE_MS + CANCEL_GRACE_MS, () =>
      this.#watch.stop(new Error(UNWANTED)),
    );
    await this.#finished;
    cancel();
    giveUp();
  }

  async #produce(
    connection: Connection,
    db: Queryable,
    query: SingleQuery,
    { sizing, ...limits }: RowBatchesOptions,
  ): Promise<void> {
    const isOwn = isPoolLike(db);
    this.#isConnected = true;
    this.#busy = connection;
    if (isOwn) await connection.run(setLocally(streamSettings(limits)));
    const cursor = await openCursor<R>(connection, query, !isOwn);
    // Without waiting to be asked for the first batch: somebody has already.
    while (await this.#wanted(connection)) {
      const { rowCount } = sizing;
      const rows = await cursor.fetch(rowCount);
      if (this.#isClosed) return;
      sizing.measured(rows);
      if (rows.length > 0) this.#handoff.put(rows);
      if (rows.length < rowCount) return;
    }
  }

  async #wanted(connection: Connection): Promise<boolean> {
    this.#busy = undefined;
    const isWanted = await abortable(this.#handoff.wanted(), this.#watch.signal);
    if (isWanted) this.#busy = connection;
    return isWanted;
  }
}
