import type { A_Const, Node } from "libpg-query";
import { quoteIdentifier } from "../../snapshot/identifier.ts";
import { namesOf } from "../syntax.ts";

/** A constant as SQL text; `null` for anything that could differ between two calls. */
export function literalSql(node: Node): string | null {
  if ("A_Const" in node) return constantSql(node.A_Const);
  if ("TypeCast" in node) {
    const { arg, typeName } = node.TypeCast;
    const inner = arg === undefined ? null : literalSql(arg);
    const names = namesOf(typeName?.names);
    const isPlain = (typeName?.typmods ?? []).length + (typeName?.arrayBounds ?? []).length === 0;
    return inner === null || names.length === 0 || !isPlain
      ? null
      : `${inner}::${names.map(quoteIdentifier).join(".")}`;
  }
  return null;
}

function constantSql(constant: A_Const): string | null {
  if (constant.isnull === true) return null;
  if (constant.sval !== undefined) return quoteLiteral(constant.sval.sval ?? "");
  if (constant.ival !== undefined) return String(constant.ival.ival ?? 0);
  if (constant.fval !== undefined) return constant.fval.fval ?? null;
  if (constant.boolval !== undefined) return String(constant.boolval.boolval ?? false);
  return null;
}

export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes("\\") ? `E${quoted.replaceAll("\\", "\\\\")}` : quoted;
}
