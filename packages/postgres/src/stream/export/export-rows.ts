import type { Writable } from "node:stream";
import { systemClock } from "@upshift/foundation";
import type { Connection } from "../../connection/connection.ts";
import { inTransaction } from "../../connection/in-transaction.ts";
import { isPoolLike, type Queryable } from "../../connection/queryable.ts";
import { takesQueryClasses } from "../pg-query-class.ts";
import { readQuery, type SingleQuery, type StreamQuery } from "../single-query.ts";
import { setLocally, streamSettings } from "../transaction-settings.ts";
import { openWatch, type Watch } from "../watch.ts";
import { ChunkBuffer } from "./chunk-buffer.ts";
import { copyRows } from "./copy-rows.ts";
import { cursorRows } from "./cursor-rows.ts";
import { describeQuery } from "./describe-query.ts";
import { assertOpen, Destination } from "./destination.ts";
import { CONTENT_TYPES, createDocument, type ExportDocument } from "./document.ts";
import { type ExportPlan, type ExportRowsOptions, readExportOptions } from "./export-options.ts";
import { takeSlot } from "./export-slots.ts";
import type { RowSink } from "./row-source.ts";

/** What an export wrote. */
export interface ExportResult {
  readonly rowCount: number;
  /** Of the body, without what HTTP or a compressing stream adds or takes away. */
  readonly sizeBytes: number;
}

/**
 * Writes the rows of a query to a stream or an HTTP response as NDJSON, JSON or CSV: as they come, at the pace of the destination, in bounded memory.
 *
 * ```ts
 * await exportRows(pool, sql`SELECT id, email FROM users WHERE org_id = ${org}`, response, { format: "ndjson" });
 * ```
 *
 * A short body is never taken for a whole one. What fails before the first byte leaves a response as it was, so that it can answer with an error; what fails
 * later destroys the destination: chunked encoding stays without its end, NDJSON without its last line, JSON without its brackets. Any other stream is destroyed in
 * both cases. When the destination closes, the query is cancelled.
 *
 * It holds one connection in a read-only transaction until the last row was read, not until it was sent.
 *
 * @param destination - a Writable, or a response; its `Content-Type` is set where it has none
 * @throws {InvalidArgumentError} for options or a query that cannot work
 * @throws {StreamTimeoutError}
 * @throws {StreamIdleError} when the destination took nothing for too long
 * @throws {DestinationClosedError}
 * @throws `signal.reason`, what the driver throws, and the error of the destination
 */
export async function exportRows(
  db: Queryable,
  query: StreamQuery,
  destination: Writable,
  options: ExportRowsOptions,
): Promise<ExportResult> {
  const plan = readExportOptions(options, db);
  const single = readQuery(query);
  assertOpen(destination);
  const watch = openWatch(options.signal, plan.timeoutMs);
  const target = new Destination(destination, {
    ...plan,
    watch,
    contentType: CONTENT_TYPES[plan.format],
  });
  const output = new Output(target, watch);
  try {
    const rowCount = await sendRows({ db, query: single, plan, output, watch });
    output.end(rowCount);
    await target.finish(rowCount);
    return { rowCount, sizeBytes: target.sizeBytes };
  } catch (error) {
    const reason: unknown = watch.signal.aborted ? watch.signal.reason : error;
    target.fail(reason);
    throw reason;
  } finally {
    output.close();
    target.close();
    watch.close();
  }
}

interface Sending {
  readonly db: Queryable;
  readonly query: SingleQuery;
  readonly plan: ExportPlan;
  readonly output: Output;
  readonly watch: Watch;
}

/** @returns how many rows there were; the connection has gone back */
async function sendRows({ db, query, plan, output, watch }: Sending): Promise<number> {
  const { signal } = watch;
  const leave = await takeSlot(db, plan.maxConcurrent, signal);
  const send = async (connection: Connection): Promise<number> => {
    if (isPoolLike(db)) await connection.run(setLocally(streamSettings(plan)));
    const description = await describeQuery(connection, query);
    const document = createDocument(description.columns, plan);
    output.begin(document);
    const source = { connection, query, description, document, sink: output, signal };
    const byCopy =
      plan.mode === "copy" || (plan.mode === "auto" && takesQueryClasses(connection.driver));
    return byCopy ? copyRows(source) : cursorRows(db, source);
  };
  try {
    return await inTransaction(db, send, { begin: "BEGIN READ ONLY", signal });
  } finally {
    leave();
  }
}

/** How long a row may wait for others to fill its chunk. */
const FLUSH_MS = 20;

/** Turns rows into chunks and gives them to the destination. */
class Output implements RowSink {
  readonly #target: Destination;
  readonly #watch: Watch;
  readonly #buffer: ChunkBuffer;
  #document: ExportDocument | undefined;
  #cancelFlush: (() => void) | undefined;

  constructor(target: Destination, watch: Watch) {
    this.#target = target;
    this.#watch = watch;
    this.#buffer = new ChunkBuffer((chunk) => target.write(chunk));
  }

  /** Says what is written; nothing goes out before the first row or the end, so that an error of the query comes before the first byte. */
  begin(document: ExportDocument): void {
    this.#document = document;
    document.writeStart(this.#buffer);
  }

  row(row: Buffer): void {
    try {
      this.#document?.writeRow(row, this.#buffer);
      this.#cancelFlush ??= systemClock.after(FLUSH_MS, () => this.#flush());
    } catch (error) {
      this.#watch.stop(error);
    }
  }

  get isBlocked(): boolean {
    return this.#target.isBlocked;
  }

  ready(): Promise<void> {
    return this.#target.ready();
  }

  end(rowCount: number): void {
    this.#document?.writeEnd(rowCount, this.#buffer);
    this.#flush();
  }

  close(): void {
    this.#cancelFlush?.();
  }

  #flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    this.#buffer.flush();
  }
}
