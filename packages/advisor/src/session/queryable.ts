/** The part of a database client that the advisor uses: one connection, not a pool. `pg.Client` and PGlite fit. */
export interface Queryable {
  query(
    text: string,
    values?: readonly unknown[],
  ): Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[] }>;
}
