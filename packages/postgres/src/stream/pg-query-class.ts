import type { Queryable } from "../connection/queryable.ts";

/** What pg gives to a query that it sends. */
export interface PgConnection {
  query(text: string): void;
  readonly stream: { pause(): unknown; resume(): unknown };
}

/** A query class of our own, as pg-cursor and pg-query-stream are: pg sends it and hands it what the server answers. */
export interface PgQueryClass {
  submit(connection: PgConnection): void;
  handleReadyForQuery(): void;
  handleError(error: Error): void;
}

/** A connection of `pg` that takes such classes. */
export interface QueryClassDriver {
  query(query: PgQueryClass): unknown;
  getTypeParser(typeOid: number, format: "text"): (text: string) => unknown;
}

/** True for a connection of `pg` in JavaScript. One with `pipeline: true` refuses such classes. */
export function takesQueryClasses(driver: Queryable): driver is Queryable & QueryClassDriver {
  return (
    "processID" in driver &&
    "connection" in driver &&
    typeof driver.connection === "object" &&
    "getTypeParser" in driver &&
    typeof driver.getTypeParser === "function" &&
    !("pipeline" in driver && driver.pipeline === true)
  );
}
