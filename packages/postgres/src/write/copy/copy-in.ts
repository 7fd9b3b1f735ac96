import { from as copyFrom, type CopyStreamQuery } from "pg-copy-streams";
import type { Connection } from "../../connection/connection.ts";
import type { Queryable } from "../../connection/queryable.ts";
import type { Abortable } from "../../connection/with-connection.ts";

/** pg's own client in JavaScript, which takes a query object that speaks the protocol itself. */
interface CopyCapable extends Queryable {
  query(stream: CopyStreamQuery): unknown;
  query(text: string, values?: unknown[]): ReturnType<Queryable["query"]>;
}

/** True for pg's client; not for its native one, for one in pipeline mode, and for other drivers. */
export function canCopy(driver: Queryable): driver is CopyCapable {
  if (!("connection" in driver) || ("pipeline" in driver && driver.pipeline === true)) return false;
  const { connection } = driver;
  return typeof connection === "object" && connection !== null && "sendCopyFail" in connection;
}

/** A `COPY … FROM STDIN` that is running on a connection. */
export interface CopyIn {
  /** Resolves when the next write may follow: the server sets the pace. */
  write(text: string): Promise<void>;
  /** @returns rows that were copied, once the server has them */
  end(): Promise<number>;
  /** Ends it without effect; the connection is free once it is idle. */
  fail(): void;
}

interface StartCopyOptions extends Abortable {
  /** Told when the server has ended it, or the connection was lost, whatever it is that is waited for. */
  readonly onFailed: (error: unknown) => void;
}

/**
 * @param text - the statement
 * @throws by all of its calls what the server says, and `signal.reason` when the connection's signal is aborted
 */
export function startCopy(
  connection: Connection,
  driver: CopyCapable,
  text: string,
  { signal, onFailed }: StartCopyOptions,
): CopyIn {
  const stream = copyFrom(text);
  let isOver = false;
  const fail = (): void => {
    // After the server's own word there is nothing to end, and the stream has let go of its connection.
    if (isOver) return;
    isOver = true;
    stream.destroy(new Error("the rows ended early"));
  };
  const onAbort = (): void => fail();
  signal?.addEventListener("abort", onAbort, { once: true });
  const copied = connection.track(
    () =>
      new Promise<number>((resolve, reject) => {
        stream.once("finish", () => {
          isOver = true;
          resolve(stream.rowCount);
        });
        // It stays: a connection that is lost later has one more error for the stream.
        stream.on("error", (error) => {
          isOver = true;
          reject(error);
        });
        driver.query(stream);
      }),
  );
  const ended = copied.finally(() => signal?.removeEventListener("abort", onAbort));
  const failed = ended.then(() => undefined, onFailed);
  return {
    async write(block) {
      if (isOver) await ended;
      // One at a time: what waits inside the stream when the server refuses a row would be sent on a connection that it has let go of.
      const taken = new Promise<void>((resolve) => {
        stream.write(Buffer.from(block, "utf8"), () => resolve());
      });
      await Promise.race([taken, failed]);
      if (isOver) await ended;
    },
    async end() {
      if (!isOver) stream.end();
      return ended;
    },
    fail,
  };
}
