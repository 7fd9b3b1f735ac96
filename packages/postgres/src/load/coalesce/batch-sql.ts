import { quoteIdentifier } from "../../sql/quote-identifier.ts";
import type { PointQuery } from "./point-query.ts";
import { relationText } from "./relation-facts.ts";

/**
 * One statement for many runs of a point query: `$1` is an array of the values for its first key, and so on. Its first column is the run's
 * place in the arrays, counted from 1; the others are the query's own.
 *
 * Rows and keys meet in the server, by the operator that the query itself would have used. Its name is resolved for the same types: `column = ANY($1)` has
 * the server infer the array of what it infers for `column = $1`. That stands in a common table expression which nobody reads, so
 * it is analysed first and never run; `unnest($1)`, which could be of any type, then has one.
 */
export function batchSql(query: PointQuery): string {
  const { keys } = query;
  const relation = `${relationText(query)} AS t`;
  const inferred = keys.flatMap(({ column, cast }, index) =>
    cast === undefined ? [`t.${quoteIdentifier(column)} = ANY($${index + 1})`] : [],
  );
  // A name of the query's own table must not be hidden by ours.
  const types = query.table[0] === "upshift:types" ? '"upshift:types "' : '"upshift:types"';
  const inference =
    inferred.length === 0
      ? ""
      : `WITH ${types} AS (SELECT FROM ${relation} WHERE false AND ${inferred.join(" AND ")}) `;
  const columns = query.columns.map((column) => {
    if (column === "*") return "t.*";
    const alias = column.alias === undefined ? "" : ` AS ${quoteIdentifier(column.alias)}`;
    return `t.${quoteIdentifier(column.name)}${alias}`;
  });
  const arrays = keys.map(({ cast }, index) =>
    cast === undefined
      ? `pg_catalog.unnest($${index + 1})`
      : `pg_catalog.unnest($${index + 1}::${cast}[])`,
  );
  const values = keys.map((_, index) => `v${index + 1}`);
  const matches = keys.map(({ column }, index) => `t.${quoteIdentifier(column)} = k.v${index + 1}`);
  return (
    `${inference}SELECT /* upshift:coalesce */ k.place::pg_catalog.int4, ${columns.join(", ")} ` +
    `FROM ROWS FROM (${arrays.join(", ")}) WITH ORDINALITY AS k(${values.join(", ")}, place) ` +
    `JOIN ${relation} ON ${matches.join(" AND ")}`
  );
}
