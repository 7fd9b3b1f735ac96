import { requestCancel } from "../connection/cancel-request.ts";
import type { Connection } from "../connection/connection.ts";
import type { QueryResult, Queryable } from "../connection/queryable.ts";
import { TransactionBusyError, TransactionEndedError } from "../connection/transaction-errors.ts";
import { type GivenQuery, type QueryConfig, givenQuery, submit } from "./run-once.ts";

/**
 * One open transaction, as every function of this package takes it. It runs on one connection, so statements that are started together run one after
 * another. When the body of `transaction` has ended it runs nothing any more.
 */
export interface Transaction extends Queryable {
  // Rows have whatever shape the statement gives.
  // oxlint-disable-next-line typescript/no-explicit-any
  query<R = any>(text: string, values?: unknown[]): Promise<QueryResult<R>>;
  // oxlint-disable-next-line typescript/no-explicit-any
  query<R = any>(config: QueryConfig): Promise<QueryResult<R>>;
}

interface Part {
  /** Never rejects. */
  readonly ended: Promise<void>;
  readonly stop: (reason: Error) => void;
}

/** What pg tells of a connection, by which COPY and others know it. */
const DRIVER_PROPERTIES = ["processID", "connection", "pipeline"] as const;

export class TransactionHandle implements Transaction {
  readonly takesQueryConfig: true = true;
  readonly #connection: Connection;
  #refusal: (() => Error) | undefined;
  /** The nested transaction that is open. */
  #part: Part | undefined;
  /** The last statement in line, and how many are in it: pg's client is not to be given a second one while it runs the first. */
  #line: Promise<unknown> = Promise.resolve();
  #inLineCount = 0;

  static is(db: Queryable): db is TransactionHandle {
    return #connection in db;
  }

  constructor(connection: Connection) {
    this.#connection = connection;
    for (const property of DRIVER_PROPERTIES) {
      if (!(property in connection.driver)) continue;
      const get = (): unknown => Reflect.get(connection.driver, property);
      Object.defineProperty(this, property, { get });
    }
  }

  get preparedStatements(): boolean {
    return this.#connection.driver.preparedStatements !== false;
  }

  /** The connection below, for a nested transaction. */
  get driver(): Queryable {
    return this.#connection.driver;
  }

  // oxlint-disable-next-line typescript/no-explicit-any
  query(query: string | QueryConfig, values?: unknown[]): Promise<QueryResult<any>> {
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal());
    // A cursor, or a stream of COPY: pg gives it back as it came.
    if (typeof query === "object" && "submit" in query) return passOn(this.driver, query);
    const full = givenQuery(query, values);
    const result =
      this.#inLineCount === 0
        ? this.#run(full)
        : this.#line.then(() => {
            if (this.#refusal !== undefined) throw this.#refusal();
            return this.#run(full);
          });
    this.#inLineCount += 1;
    const leave = (): void => void (this.#inLineCount -= 1);
    this.#line = result.then(leave, leave);
    return result;
  }

  cancelRunning(): Promise<void> {
    return requestCancel(this.driver, true);
  }

  /** Settles when every statement that was given to it has ended. */
  async settled(): Promise<void> {
    while (this.#inLineCount > 0) await this.#line;
  }

  /** Settles when what was given to it has ended, a nested transaction too. */
  async over(): Promise<void> {
    while (this.#inLineCount > 0 || this.#part !== undefined) {
      await this.settled();
      await this.#part?.ended;
    }
  }

  /**
   * Runs a nested transaction, and meanwhile nothing else.
   *
   * @param stop - told when this transaction ends first: the part must not go on, on a connection that others use next
   * @throws {TransactionBusyError} when one is open already
   */
  async nest<T>(run: () => Promise<T>, stop: (reason: Error) => void): Promise<T> {
    if (this.#refusal !== undefined) throw this.#refusal();
    this.#refusal = busy;
    const result = run().finally(() => {
      this.#part = undefined;
      // The transaction may have ended meanwhile.
      if (this.#refusal === busy) this.#refusal = undefined;
    });
    this.#part = { ended: result.then(ignore, ignore), stop };
    return result;
  }

  /** @param how - "committed", "rolled back" */
  end(how: string): void {
    this.#refusal = () => new TransactionEndedError(how);
    this.#part?.stop(this.#refusal());
  }

  // oxlint-disable-next-line typescript/no-explicit-any
  #run(query: GivenQuery): Promise<QueryResult<any>> {
    return this.#connection.track(() => submit(this.driver, query));
  }
}

// oxlint-disable-next-line typescript/no-explicit-any
function passOn(driver: object, query: object): any {
  const method: unknown = Reflect.get(driver, "query");
  return typeof method === "function" ? Reflect.apply(method, driver, [query]) : undefined;
}

function busy(): Error {
  return new TransactionBusyError();
}

function ignore(): void {}
