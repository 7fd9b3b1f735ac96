import { parseSync } from "libpg-query";

/** What a constant of an SQL text is there for; keyed by its place in UTF-8 bytes, as the grammar counts. */
export type ConstantRoles = ReadonlyMap<number, ConstantRole>;

/** `structure`: it says how, not which. `pattern`: of LIKE. `value`: stands for data. */
export type ConstantRole =
  | { readonly role: "structure" | "pattern" | "value" }
  | { readonly role: "typed"; readonly type: string };

type Node = Readonly<Record<string, unknown>>;

/** Arguments (0-based) that choose a unit, a format, a dictionary, an object or a setting. */
const STRUCTURAL_ARGUMENTS: Readonly<Record<string, readonly number[]>> = {
  convert_from: [1],
  convert_to: [1],
  current_setting: [0],
  currval: [0],
  date_part: [0],
  date_trunc: [0],
  decode: [1],
  digest: [1],
  encode: [1],
  extract: [0],
  gen_salt: [0],
  like_escape: [1],
  nextval: [0],
  normalize: [1],
  phraseto_tsquery: [0],
  plainto_tsquery: [0],
  round: [1],
  set_config: [0],
  setval: [0],
  setweight: [1],
  timezone: [0],
  to_char: [1],
  to_date: [1],
  to_number: [1],
  to_timestamp: [1],
  to_tsquery: [0],
  to_tsvector: [0],
  ts_headline: [0],
  ts_rank: [3],
  unaccent: [0],
  websearch_to_tsquery: [0],
};

/** With one argument alone these take the text itself. */
const STRUCTURAL_ONLY_WITH_TWO = new Set([
  "phraseto_tsquery",
  "plainto_tsquery",
  "to_timestamp",
  "to_tsquery",
  "to_tsvector",
  "ts_headline",
  "unaccent",
  "websearch_to_tsquery",
]);

const OBJECT_TYPES = new Set([
  "regclass",
  "regcollation",
  "regconfig",
  "regdictionary",
  "regnamespace",
  "regoper",
  "regoperator",
  "regproc",
  "regprocedure",
  "regrole",
  "regtype",
]);

const LIKE_OPERATORS = new Set(["~~", "~~*", "!~~", "!~~*"]);

/**
 * Finds the constants of an SQL text and what each is there for.
 *
 * @throws {SqlError} when the text does not parse
 */
export function findConstantRoles(sql: string): ConstantRoles {
  const roles = new Map<number, ConstantRole>();
  // Innermost context wins, so children are visited with the role that their parent gives them.
  const stack: { readonly node: unknown; readonly role: ConstantRole }[] = [
    { node: parseSync(sql), role: { role: "value" } },
  ];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { node, role } = next;
    if (Array.isArray(node)) {
      for (const child of node) stack.push({ node: child, role });
      continue;
    }
    if (!isNode(node)) continue;
    for (const [key, child] of Object.entries(node)) {
      if (key === "A_Const" && isNode(child)) {
        roles.set(typeof child["location"] === "number" ? child["location"] : 0, role);
      } else {
        for (const context of contextsOf(key, child, role)) stack.push(context);
      }
    }
  }
  return roles;
}

function* contextsOf(
  key: string,
  child: unknown,
  role: ConstantRole,
): Iterable<{ readonly node: unknown; readonly role: ConstantRole }> {
  const structure: ConstantRole = { role: "structure" };
  const value: ConstantRole = { role: "value" };
  if (!isNode(child)) {
    yield { node: child, role };
    return;
  }
  switch (key) {
    case "SelectStmt":
      for (const [part, node] of Object.entries(child)) {
        if (part === "limitCount" || part === "limitOffset") yield { node, role: structure };
        else if (part === "groupClause") yield* positions(node, structure, value);
        else yield { node, role: value };
      }
      return;
    case "SortBy":
      yield* positions([child["node"]], structure, value);
      return;
    case "VariableSetStmt":
      // Other settings of a function can hold anything, a key among them.
      yield { node: child, role: child["name"] === "search_path" ? structure : value };
      return;
    case "TypeName":
    case "A_Indices":
      yield { node: child, role: structure };
      return;
    case "TypeCast": {
      const type = typeNameOf(child["typeName"]);
      yield { node: child["typeName"], role: structure };
      yield {
        node: child["arg"],
        role:
          OBJECT_TYPES.has(type) || role.role === "structure" || role.role === "pattern"
            ? OBJECT_TYPES.has(type)
              ? structure
              : role
            : { role: "typed", type },
      };
      return;
    }
    case "A_Expr":
      if (isLike(child)) {
        yield { node: child["lexpr"], role: value };
        yield { node: child["rexpr"], role: { role: "pattern" } };
      } else if (isSpanOfTime(child)) yield { node: Object.values(child), role: structure };
      else yield { node: Object.values(child), role: role.role === "structure" ? role : value };
      return;
    case "FuncCall":
      yield* argumentsOf(child, role);
      return;
    case "A_ArrayExpr":
      yield { node: Object.values(child), role };
      return;
    default:
      yield { node: child, role: role.role === "structure" ? structure : value };
  }
}

// A bare number in ORDER BY or GROUP BY is the place of an output column.
function* positions(
  nodes: unknown,
  structure: ConstantRole,
  value: ConstantRole,
): Iterable<{ readonly node: unknown; readonly role: ConstantRole }> {
  for (const node of Array.isArray(nodes) ? nodes : []) {
    yield { node, role: isNode(node) && "A_Const" in node ? structure : value };
  }
}

function* argumentsOf(
  call: Node,
  role: ConstantRole,
): Iterable<{ readonly node: unknown; readonly role: ConstantRole }> {
  const { args, ...rest } = call;
  yield { node: rest, role: { role: "value" } };
  const list = Array.isArray(args) ? args : [];
  const name = lastName(call["funcname"]);
  const structural =
    STRUCTURAL_ONLY_WITH_TWO.has(name) && list.length < 2 ? [] : (STRUCTURAL_ARGUMENTS[name] ?? []);
  for (const [index, node] of list.entries()) {
    const isStructural = role.role === "structure" || structural.includes(index);
    // LIKE's ESCAPE wraps its pattern in a call.
    const inherited: ConstantRole =
      name === "like_escape" && index === 0 ? { role: "pattern" } : { role: "value" };
    yield { node, role: isStructural ? { role: "structure" } : inherited };
  }
}

/** `current_date - 90`, `7 * interval '1 day'`: the number counts days, it is no value of a column. */
function isSpanOfTime(expression: Node): boolean {
  return (
    ["+", "-", "*"].includes(lastName(expression["name"])) &&
    [expression["lexpr"], expression["rexpr"]].some(isTime)
  );
}

function isTime(operand: unknown): boolean {
  if (!isNode(operand)) return false;
  if ("SQLValueFunction" in operand) return true;
  const { FuncCall: call, TypeCast: cast } = operand;
  if (isNode(call)) return CLOCKS.has(lastName(call["funcname"]));
  return isNode(cast) && typeNameOf(cast["typeName"]) === "interval";
}

const CLOCKS = new Set(["now", "clock_timestamp", "statement_timestamp", "transaction_timestamp"]);

function isLike(expression: Node): boolean {
  return (
    expression["kind"] === "AEXPR_LIKE" ||
    expression["kind"] === "AEXPR_ILIKE" ||
    LIKE_OPERATORS.has(lastName(expression["name"]))
  );
}

function typeNameOf(typeName: unknown): string {
  if (!isNode(typeName)) return "";
  const isArray = Array.isArray(typeName["arrayBounds"]) && typeName["arrayBounds"].length > 0;
  return `${lastName(typeName["names"])}${isArray ? "[]" : ""}`;
}

function lastName(names: unknown): string {
  const last: unknown = Array.isArray(names) ? names.at(-1) : undefined;
  if (!isNode(last) || !isNode(last["String"])) return "";
  const text = last["String"]["sval"];
  return typeof text === "string" ? text : "";
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null;
}
