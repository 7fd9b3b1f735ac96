import type { Call, Expression, FunctionBody, Local, Statement, Target } from "./lua-ast.ts";
import { BINDING, isBinary } from "./lua-binding.ts";
import { FunctionScope } from "./lua-scope.ts";
import { TokenReader } from "./lua-token-reader.ts";

/**
 * Parses Lua 5.1, the whole language.
 *
 * @param source - bytes
 * @returns the body of the function that the script is
 * @throws {LuaError} when it is none
 */
export function parseLua(source: string): FunctionBody {
  return new Parser(source).chunk();
}

const UNARY_BINDING = 8;
const BLOCK_ENDS = new Set(["end", "else", "elseif", "until", "<eof>"]);

class Parser extends TokenReader {
  #scope = new FunctionScope(undefined, true);

  chunk(): FunctionBody {
    const body = this.#block();
    if (this.token.kind !== "end") this.fail();
    return this.#finish([], body);
  }

  #block(): readonly Statement[] {
    const statements: Statement[] = [];
    while (!(this.token.kind !== "string" && BLOCK_ENDS.has(this.token.text))) {
      const isLast = this.token.text === "return" || this.token.text === "break";
      statements.push(this.#statement());
      this.accept(";");
      if (isLast) break;
    }
    return statements;
  }

  #scopedBlock(): readonly Statement[] {
    return this.#scope.inBlock(() => this.#block());
  }

  #statement(): Statement {
    if (this.token.kind === "symbol") {
      if (this.accept("if")) return this.#if();
      if (this.accept("while")) {
        const condition = this.#expression();
        this.expect("do");
        const body = this.#scopedBlock();
        this.expect("end");
        return { kind: "while", condition, body };
      }
      if (this.accept("do")) {
        const body = this.#scopedBlock();
        this.expect("end");
        return { kind: "do", body };
      }
      if (this.accept("for")) return this.#for();
      if (this.accept("repeat"))
        return this.#scope.inBlock(() => {
          const body = this.#block();
          this.expect("until");
          // Sees the locals of the body.
          return { kind: "repeat", body, condition: this.#expression() };
        });
      if (this.accept("function")) return this.#functionStatement();
      if (this.accept("local")) return this.#local();
      if (this.accept("return")) {
        const isEmpty = this.token.text === ";" || BLOCK_ENDS.has(this.token.text);
        return { kind: "return", values: isEmpty ? [] : this.#expressions() };
      }
      if (this.accept("break")) return { kind: "break" };
    }
    return this.#expressionStatement();
  }

  #if(): Statement {
    const branches: { condition: Expression; body: readonly Statement[] }[] = [];
    do {
      const condition = this.#expression();
      this.expect("then");
      branches.push({ condition, body: this.#scopedBlock() });
    } while (this.accept("elseif"));
    const otherwise = this.accept("else") ? this.#scopedBlock() : [];
    this.expect("end");
    return { kind: "if", branches, otherwise };
  }

  #for(): Statement {
    const { line } = this.token;
    const names = [this.name()];
    if (this.accept("=")) {
      const from = this.#expression();
      this.expect(",");
      const to = this.#expression();
      const step = this.accept(",") ? this.#expression() : undefined;
      return this.#scope.inBlock(() => {
        const variable = this.#scope.declare(names[0] ?? "");
        return { kind: "for", variable, from, to, step, body: this.#loopBody(), line };
      });
    }
    while (this.accept(",")) names.push(this.name());
    this.expect("in");
    const values = this.#expressions();
    return this.#scope.inBlock(() => {
      const variables = names.map((name) => this.#scope.declare(name));
      return { kind: "forIn", variables, values, body: this.#loopBody(), line };
    });
  }

  #loopBody(): readonly Statement[] {
    this.expect("do");
    const body = this.#scopedBlock();
    this.expect("end");
    return body;
  }

  #functionStatement(): Statement {
    const { line } = this.token;
    let target: Target = this.#variable(this.name(), line);
    while (this.accept("."))
      target = { kind: "index", object: target, key: constant(this.name()), line };
    const isMethod = this.accept(":");
    if (isMethod) target = { kind: "index", object: target, key: constant(this.name()), line };
    const body = this.#functionBody(isMethod);
    return { kind: "assign", targets: [target], values: [{ kind: "function", body }] };
  }

  #local(): Statement {
    if (this.accept("function")) {
      const local = this.#scope.declare(this.name());
      return { kind: "localFunction", local, body: this.#functionBody(false) };
    }
    const names = [this.name()];
    while (this.accept(",")) names.push(this.name());
    const values = this.accept("=") ? this.#expressions() : [];
    // After the values: `local x = x` means the outer one on the right.
    return { kind: "local", locals: names.map((name) => this.#scope.declare(name)), values };
  }

  #expressionStatement(): Statement {
    const first = this.#suffixed();
    if (first.kind === "call") return { kind: "call", call: first };
    const targets = [this.#toTarget(first)];
    while (this.accept(",")) targets.push(this.#toTarget(this.#suffixed()));
    this.expect("=");
    return { kind: "assign", targets, values: this.#expressions() };
  }

  #toTarget(expression: Expression): Target {
    const { kind } = expression;
    if (kind === "local" || kind === "upvalue" || kind === "global" || kind === "index")
      return expression;
    return this.fail();
  }

  #expressions(): readonly Expression[] {
    const expressions = [this.#expression()];
    while (this.accept(",")) expressions.push(this.#expression());
    return expressions;
  }

  #expression(limit = 0): Expression {
    let left = this.#unary();
    for (;;) {
      const { kind, line, text } = this.token;
      if (kind !== "symbol" || !isBinary(text) || BINDING[text][0] <= limit) return left;
      this.skip();
      const right = this.#expression(BINDING[text][1]);
      left = { kind: "binary", operator: text, left, right, line };
    }
  }

  #unary(): Expression {
    const { line } = this.token;
    for (const operator of ["-", "not", "#"] as const)
      if (this.accept(operator))
        return { kind: "unary", operator, operand: this.#expression(UNARY_BINDING), line };
    return this.#simple();
  }

  #simple(): Expression {
    const token = this.token;
    if (token.kind === "number" || token.kind === "string") {
      this.skip();
      return constant(token.value);
    }
    if (this.accept("nil")) return constant(undefined);
    if (this.accept("true")) return constant(true);
    if (this.accept("false")) return constant(false);
    if (this.accept("...")) {
      if (!this.#scope.isVariadic) this.fail();
      return { kind: "varargs" };
    }
    if (this.accept("{")) return this.#table();
    if (this.accept("function")) return { kind: "function", body: this.#functionBody(false) };
    return this.#suffixed();
  }

  #suffixed(): Expression {
    let expression: Expression;
    const { line: firstLine } = this.token;
    if (this.accept("(")) {
      expression = { kind: "single", inner: this.#expression() };
      this.expect(")");
    } else expression = this.#variable(this.name(), firstLine);
    for (;;) {
      const { kind, line } = this.token;
      if (this.accept("."))
        expression = { kind: "index", object: expression, key: constant(this.name()), line };
      else if (this.accept("[")) {
        const key = this.#expression();
        this.expect("]");
        expression = { kind: "index", object: expression, key, line };
      } else if (this.accept(":")) expression = this.#call(expression, this.name(), line);
      else if (kind === "string" || this.token.text === "(" || this.token.text === "{")
        expression = this.#call(expression, undefined, line);
      else return expression;
    }
  }

  #call(callee: Expression, method: string | undefined, line: number): Call {
    const token = this.token;
    if (token.kind === "string") {
      this.skip();
      return { kind: "call", callee, method, args: [constant(token.value)], line };
    }
    if (this.accept("{")) return { kind: "call", callee, method, args: [this.#table()], line };
    this.expect("(");
    if (this.accept(")")) return { kind: "call", callee, method, args: [], line };
    const args = this.#expressions();
    this.expect(")");
    return { kind: "call", callee, method, args, line };
  }

  #table(): Expression {
    const fields: { key: Expression; value: Expression }[] = [];
    const items: Expression[] = [];
    while (!this.accept("}")) {
      const isNamed = this.token.kind === "name" && this.following?.text === "=";
      if (isNamed) {
        const key = constant(this.name());
        this.expect("=");
        fields.push({ key, value: this.#expression() });
      } else if (this.accept("[")) {
        const key = this.#expression();
        this.expect("]");
        this.expect("=");
        fields.push({ key, value: this.#expression() });
      } else items.push(this.#expression());
      if (!this.accept(",") && !this.accept(";")) {
        this.expect("}");
        break;
      }
    }
    return { kind: "table", fields, items };
  }

  #functionBody(isMethod: boolean): FunctionBody {
    this.expect("(");
    const names: string[] = isMethod ? ["self"] : [];
    let isVariadic = false;
    while (!this.accept(")")) {
      if (this.accept("...")) {
        isVariadic = true;
        this.expect(")");
        break;
      }
      names.push(this.name());
      if (!this.accept(",")) {
        this.expect(")");
        break;
      }
    }
    const around = this.#scope;
    this.#scope = new FunctionScope(around, isVariadic);
    const parameters = names.map((name) => this.#scope.declare(name));
    const body = this.#block();
    this.expect("end");
    const finished = this.#finish(parameters, body);
    this.#scope = around;
    return finished;
  }

  #finish(parameters: readonly Local[], body: readonly Statement[]): FunctionBody {
    const { isVariadic, slotCount, upvalues } = this.#scope;
    return { parameters, isVariadic, body, slotCount, upvalues };
  }

  #variable(name: string, line: number): Target {
    const found = this.#scope.find(name);
    if (found === undefined) return { kind: "global", name, line };
    return typeof found === "number"
      ? { kind: "upvalue", index: found }
      : { kind: "local", local: found };
  }
}

function constant(value: undefined | boolean | number | string): Expression {
  return { kind: "constant", value };
}
