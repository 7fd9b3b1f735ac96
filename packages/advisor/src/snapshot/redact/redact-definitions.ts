import type {
  Column,
  DatabaseSnapshot,
  Index,
  UserFunction,
  UserType,
} from "../database-snapshot.ts";
import {
  CONSTRAINT,
  EXPRESSION,
  PARTITION_BOUND,
  PARTITION_KEY,
  redactSql,
  type SqlFrame,
  type SqlRedaction,
  STATEMENT,
} from "./redact-sql.ts";

/** The snapshot with the constants of all its definitions replaced. */
export function redactDefinitions(
  snapshot: DatabaseSnapshot,
  redaction: SqlRedaction,
): DatabaseSnapshot {
  const sql = (text: string, frame: SqlFrame = STATEMENT): string =>
    redactSql(text, frame, redaction) ?? "";
  const optional = (text: string | null, frame: SqlFrame): string | null =>
    text === null ? null : redactSql(text, frame, redaction);
  return {
    ...snapshot,
    types: snapshot.types.map((type) => redactType(type, sql)),
    functions: snapshot.functions.map((definition) => redactFunction(definition, sql)),
    relations: snapshot.relations.map((relation) => ({
      ...relation,
      partitionKey: optional(relation.partitionKey, PARTITION_KEY),
      partitionBound: optional(relation.partitionBound, PARTITION_BOUND),
      columns: relation.columns.map((column) => redactColumn(column, optional)),
    })),
    views: snapshot.views.map((view) => ({ ...view, ddl: sql(view.ddl) })),
    constraints: snapshot.constraints.map((constraint) => ({
      ...constraint,
      definition: sql(constraint.definition, CONSTRAINT),
    })),
    indexes: snapshot.indexes.map((index) => redactIndex(index, sql, optional)),
    extendedStatistics: snapshot.extendedStatistics.map((statistics) => ({
      ...statistics,
      ddl: sql(statistics.ddl),
    })),
  };
}

type RedactSql = (text: string, frame?: SqlFrame) => string;
type RedactOptional = (text: string | null, frame: SqlFrame) => string | null;

/** Labels of an enum are schema. */
function redactType(type: UserType, sql: RedactSql): UserType {
  return type.kind === "enum" || type.ddl === null ? type : { ...type, ddl: sql(type.ddl) };
}

function redactColumn(column: Column, optional: RedactOptional): Column {
  return { ...column, default: optional(column.default, EXPRESSION) };
}

function redactIndex(index: Index, sql: RedactSql, optional: RedactOptional): Index {
  return {
    ...index,
    definition: sql(index.definition),
    predicate: optional(index.predicate, EXPRESSION),
    keys: index.keys.map((key) =>
      key.column === null ? { ...key, expression: sql(key.expression, EXPRESSION) } : key,
    ),
  };
}

/** The planner looks only into SQL functions; the bodies of others are made empty. */
function redactFunction(definition: UserFunction, sql: RedactSql): UserFunction {
  if (definition.language === "sql") return { ...definition, ddl: sql(definition.ddl) };
  const returnsRows = /\bRETURNS (?:SETOF|TABLE|void)\b/i.test(definition.ddl);
  const hasOutput = /\b(?:OUT|INOUT)\b/.test(definition.ddl);
  const body =
    definition.language === "plpgsql"
      ? `BEGIN RETURN${returnsRows || hasOutput ? "" : " NULL"}; END`
      : "";
  const start = definition.ddl.search(/\nAS (?:\$|'|E')/);
  const header = start === -1 ? definition.ddl : definition.ddl.slice(0, start);
  return { ...definition, ddl: sql(`${header}\nAS $function$${body}$function$`) };
}
