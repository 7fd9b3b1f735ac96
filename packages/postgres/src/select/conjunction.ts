import { joinSql, sql, type Sql, verbatim } from "../sql/sql.ts";

/** All of these conditions: the first as it is, each further one in brackets. Those that are absent are left out. */
export function conjunction(conditions: readonly [Sql, ...(Sql | undefined)[]]): Sql {
  const [first, ...others] = conditions;
  const rest = others.filter((other) => other !== undefined).map((other) => sql`(${other})`);
  return joinSql([first, ...rest], verbatim(" AND "));
}
