/** A local variable. One that an inner function uses lives in a box of its own. */
export interface Local {
  readonly slot: number;
  isCaptured: boolean;
}

/** What a function takes over from the functions around it. */
export interface Upvalue {
  /** A local of the function around it, or an upvalue of that. */
  readonly from: { readonly local: Local } | { readonly upvalue: number };
}

export interface FunctionBody {
  readonly parameters: readonly Local[];
  readonly isVariadic: boolean;
  readonly body: readonly Statement[];
  readonly slotCount: number;
  readonly upvalues: readonly Upvalue[];
}

export type Expression =
  | { readonly kind: "constant"; readonly value: undefined | boolean | number | string }
  | { readonly kind: "varargs" }
  | { readonly kind: "local"; readonly local: Local }
  | { readonly kind: "upvalue"; readonly index: number }
  | { readonly kind: "global"; readonly name: string; readonly line: number }
  | Index
  | Call
  | { readonly kind: "function"; readonly body: FunctionBody }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
      readonly line: number;
    }
  | {
      readonly kind: "unary";
      readonly operator: "-" | "not" | "#";
      readonly operand: Expression;
      readonly line: number;
    }
  /** In parentheses: one value. */
  | { readonly kind: "single"; readonly inner: Expression }
  | {
      readonly kind: "table";
      readonly fields: readonly { readonly key: Expression; readonly value: Expression }[];
      readonly items: readonly Expression[];
    };

interface Index {
  readonly kind: "index";
  readonly object: Expression;
  readonly key: Expression;
  readonly line: number;
}

export interface Call {
  readonly kind: "call";
  readonly callee: Expression;
  /** Of `object:method(…)`. */
  readonly method: string | undefined;
  readonly args: readonly Expression[];
  readonly line: number;
}

export type BinaryOperator =
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "^"
  | ".."
  | "=="
  | "~="
  | "<"
  | "<="
  | ">"
  | ">="
  | "and"
  | "or";

export type Target = Extract<Expression, { kind: "local" | "upvalue" | "global" | "index" }>;

export type Statement =
  | {
      readonly kind: "local";
      readonly locals: readonly Local[];
      readonly values: readonly Expression[];
    }
  | { readonly kind: "localFunction"; readonly local: Local; readonly body: FunctionBody }
  | {
      readonly kind: "assign";
      readonly targets: readonly Target[];
      readonly values: readonly Expression[];
    }
  | { readonly kind: "call"; readonly call: Call }
  | { readonly kind: "do"; readonly body: readonly Statement[] }
  | { readonly kind: "while"; readonly condition: Expression; readonly body: readonly Statement[] }
  | { readonly kind: "repeat"; readonly body: readonly Statement[]; readonly condition: Expression }
  | {
      readonly kind: "if";
      readonly branches: readonly {
        readonly condition: Expression;
        readonly body: readonly Statement[];
      }[];
      readonly otherwise: readonly Statement[];
    }
  | {
      readonly kind: "for";
      readonly variable: Local;
      readonly from: Expression;
      readonly to: Expression;
      readonly step: Expression | undefined;
      readonly body: readonly Statement[];
      readonly line: number;
    }
  | {
      readonly kind: "forIn";
      readonly variables: readonly Local[];
      readonly values: readonly Expression[];
      readonly body: readonly Statement[];
      readonly line: number;
    }
  | { readonly kind: "return"; readonly values: readonly Expression[] }
  | { readonly kind: "break" };
