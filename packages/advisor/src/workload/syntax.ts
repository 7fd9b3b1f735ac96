import type { Node, TypeName } from "libpg-query";

/** Calls `visit` for every tagged node below (and at) `root`, parents first; `false` from it skips what is below. */
export function walkSyntax(
  root: unknown,
  visit: (kind: string, body: Readonly<Record<string, unknown>>) => boolean | void,
): void {
  if (Array.isArray(root)) {
    for (const item of root) walkSyntax(item, visit);
    return;
  }
  if (!isRecord(root)) return;
  for (const [key, value] of Object.entries(root)) {
    if (typeof value !== "object" || value === null) continue;
    const isTagged = /^[A-Z]/.test(key) && isRecord(value);
    if (isTagged && visit(key, value) === false) continue;
    walkSyntax(value, visit);
  }
}

/** Text of a list of `String` nodes, such as a dotted name or an operator. */
export function namesOf(nodes: readonly Node[] | undefined): readonly string[] {
  return (nodes ?? []).flatMap((node) => ("String" in node ? [node.String.sval ?? ""] : []));
}

/** `["pg_catalog", "int4"]` as `int4`; the type's own name only. */
export function typeNameOf(type: TypeName | undefined): string {
  return namesOf(type?.names).at(-1) ?? "";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
