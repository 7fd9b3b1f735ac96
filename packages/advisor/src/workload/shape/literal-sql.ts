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

/** A constant as `pg_stats` writes it: bare text, `t` and `f`. */
export function constantText(node: Node): string | null {
  if ("TypeCast" in node) {
    return node.TypeCast.arg === undefined ? null : constantText(node.TypeCast.arg);
  }
  if (!("A_Const" in node) || node.A_Const.isnull === true) return null;
  const { sval, boolval } = node.A_Const;
  if (sval !== undefined) return sval.sval ?? "";
  if (boolval !== undefined) return boolval.boolval === true ? "t" : "f";
  return constantSql(node.A_Const);
}

function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes("\\") ? `E${quoted.replaceAll("\\", "\\\\")}` : quoted;
}
