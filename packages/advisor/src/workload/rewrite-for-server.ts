import type { FuncCall, ParamRef, TypeCast } from "libpg-query";
import { editBytes, type ByteEdit } from "./byte-text.ts";
import type { ParsedStatement } from "./sql-parser.ts";
import { namesOf, walkSyntax } from "./syntax.ts";

/**
 * The statement as a server accepts it.
 *
 * pg_stat_statements puts `$n` where a constant stood, also where the grammar of the server wants a constant:
 * `interval '1 day'` becomes `interval $1`, `extract(year from x)` becomes `extract($1 from x)`. They are written as
 * `$1::interval` and `"extract"($1, x)`, which mean the same.
 */
export function rewriteForServer(statement: ParsedStatement): string {
  const bytes = Buffer.from(statement.text, "utf8");
  const edits: ByteEdit[] = [];
  walkSyntax(statement.node, (kind, body) => {
    const edit =
      kind === "TypeCast"
        ? typedConstantEdit(body, bytes, statement.startByte)
        : kind === "FuncCall"
          ? extractEdit(body, bytes, statement.startByte)
          : null;
    if (edit !== null) edits.push(...edit);
  });
  return editBytes(statement.text, edits);
}

/** `interval $1` has the type before its argument; `$1::interval` and `cast($1 as interval)` after it. */
function typedConstantEdit(
  cast: TypeCast,
  bytes: Buffer,
  startByte: number,
): readonly ByteEdit[] | null {
  const parameter = cast.arg !== undefined && "ParamRef" in cast.arg ? cast.arg.ParamRef : null;
  const typeStart = (cast.typeName?.location ?? -1) - startByte;
  if (parameter === null || cast.typeName?.location === undefined || typeStart < 0) return null;
  const place = parameterPlace(parameter, bytes, startByte);
  if (place === null || typeStart >= place.startByte) return null;
  const type = bytes.toString("utf8", typeStart, place.startByte).trim();
  const text = `$${parameter.number ?? 0}::${type}`;
  return [{ startByte: typeStart, endByte: place.endByte, text }];
}

function extractEdit(call: FuncCall, bytes: Buffer, startByte: number): readonly ByteEdit[] | null {
  const first = call.args?.[0];
  if (call.funcformat !== "COERCE_SQL_SYNTAX" || first === undefined) return null;
  if (namesOf(call.funcname).at(-1) !== "extract" || !("ParamRef" in first)) return null;
  const callStart = (call.location ?? 0) - startByte;
  const place = parameterPlace(first.ParamRef, bytes, startByte);
  if (place === null) return null;
  const keyword = /^\s*from\b/i.exec(bytes.toString("latin1", place.endByte));
  if (keyword === null) return null;
  const name = bytes.toString("latin1", callStart, callStart + "extract".length);
  if (name.toLowerCase() !== "extract") return null;
  return [
    { startByte: callStart, endByte: callStart + name.length, text: 'pg_catalog."extract"' },
    { startByte: place.endByte, endByte: place.endByte + keyword[0].length, text: "," },
  ];
}

function parameterPlace(
  parameter: ParamRef,
  bytes: Buffer,
  startByte: number,
): { readonly startByte: number; readonly endByte: number } | null {
  const start = (parameter.location ?? 0) - startByte;
  const match = /^\$\d+/.exec(bytes.toString("latin1", start, start + 12));
  return match === null ? null : { startByte: start, endByte: start + match[0].length };
}
