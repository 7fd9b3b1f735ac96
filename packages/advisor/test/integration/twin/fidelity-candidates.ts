import type { IndexDefinition, IndexKey } from "../../../src/planner/planner.ts";

function column(name: string, direction: IndexKey["direction"] = "asc"): IndexKey {
  return {
    expression: name,
    isColumn: true,
    direction,
    nulls: direction === "asc" ? "last" : "first",
    opclass: null,
  };
}

function btree(
  table: string,
  keys: readonly IndexKey[],
  more: Partial<IndexDefinition> = {},
): IndexDefinition {
  return { schema: "public", table, method: "btree", keys, include: [], predicate: null, ...more };
}

/** Built for real on the server, hypothetical in the twin. */
export const FIDELITY_CANDIDATES: readonly IndexDefinition[] = [
  btree("orders", [column("customer_id")]),
  btree("orders", [column("tenant_id"), column("created_at", "desc")]),
  btree("orders", [column("state"), column("created_at")]),
  btree("orders", [column("created_at")], { predicate: "state = 'open'" }),
  btree("orders", [column("customer_id"), column("created_at", "desc")], { include: ["total"] }),
  btree("orders", [column("shipped_at")]),
  btree("items", [column("product_id")], { include: ["quantity"] }),
  btree("items", [column("order_id")]),
  btree("customers", [column("email")]),
  btree("customers", [{ ...column("email"), opclass: "text_pattern_ops" }]),
  btree("customers", [column("country"), column("created_at")]),
  btree("customers", [{ ...column("lower(email)"), isColumn: false }]),
  btree("events", [column("customer_id"), column("at")]),
  btree("events", [column("kind")]),
  { ...btree("documents", [column("body")]), method: "gin" },
  { ...btree("customers", [{ ...column("email"), opclass: "gin_trgm_ops" }]), method: "gin" },
  { ...btree("orders", [column("created_at")]), method: "brin" },
  { ...btree("orders", [column("customer_id")]), method: "hash" },
];
