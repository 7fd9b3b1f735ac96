import type { PgConnection, PgQueryClass } from "../pg-query-class.ts";
import type { RowSink } from "./row-source.ts";

/** Node's longest timer: as long as it can be put off. */
const NO_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * COPY … TO STDOUT as a query of pg. The server sends each row as one message, and pg hands each message on; the socket is paused while the sink is blocked.
 *
 * pg itself stays in charge of the protocol, so the connection is as usable after a failed or cancelled COPY as after any statement.
 */
export class CopyOut implements PgQueryClass {
  /** pg's `query_timeout` would end an export that is merely long; ours has limits of its own. */
  readonly query_timeout: number = NO_TIMEOUT_MS;
  /** pg sets it, to stop the timer above. */
  callback: (() => void) | undefined;
  /** The number of rows. @throws what the server says */
  readonly done: Promise<number>;
  readonly #text: string;
  readonly #sink: RowSink;
  #connection: PgConnection | undefined;
  #rowCount = 0;
  #isPaused = false;
  #isAbandoned = false;
  #resolve: (rowCount: number) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(text: string, sink: RowSink) {
    this.#text = text;
    this.#sink = sink;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Takes no more rows, so that the connection gets to the end of the statement. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#resume();
  }

  submit(connection: PgConnection): void {
    this.#connection = connection;
    connection.query(this.#text);
  }

  handleCopyData(message: { readonly chunk: Buffer }): void {
    if (this.#isAbandoned) return;
    this.#rowCount += 1;
    this.#sink.row(message.chunk);
    if (this.#sink.isBlocked && !this.#isPaused) void this.#pause();
  }

  handleCommandComplete(): void {
    // The count of its tag is known already.
  }

  handleReadyForQuery(): void {
    this.#settle();
    this.#resolve(this.#rowCount);
  }

  handleError(error: Error): void {
    this.#settle();
    this.#reject(error);
  }

  async #pause(): Promise<void> {
    this.#isPaused = true;
    this.#connection?.stream.pause();
    // It rejects only when the export ends, which `abandon` is told of as well.
    await this.#sink.ready().catch(() => undefined);
    this.#resume();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#connection?.stream.resume();
  }

  #settle(): void {
    this.#resume();
    this.callback?.();
  }
}
