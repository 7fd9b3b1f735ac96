import { InvalidArgumentError } from "@upshift/foundation";
import { quoteIdentifier } from "./quote-identifier.ts";

/**
 * A piece of SQL with its values apart: text that the program wrote, and values that reach the server as bound parameters only.
 *
 * Pieces nest; parameters are numbered when the whole is compiled. Make one with {@link sql}.
 */
export class Sql {
  /** One more than `values`; the text around them. */
  readonly #texts: readonly string[];
  readonly #values: readonly unknown[];

  /** For this package: texts that the program wrote, and what stands between them. */
  constructor(texts: readonly string[], values: readonly unknown[]) {
    this.#texts = texts;
    this.#values = values;
  }

  /**
   * The statement's text with `$1`, `$2`, … and its values in that order.
   *
   * @param before - values that stand before it in the same statement; its first parameter is numbered after them
   */
  compile(before: readonly unknown[] = []): CompiledSql {
    const values = [...before];
    const text = this.#write(values, new Map());
    return { text, values };
  }

  /** @param numbers - of the shared values that were written already */
  #write(values: unknown[], numbers: Map<SharedValue, number>): string {
    let text = this.#texts[0] ?? "";
    for (const [index, value] of this.#values.entries()) {
      if (value instanceof Sql) text += value.#write(values, numbers);
      else if (value instanceof SharedValue) text += `$${value.numberIn(values, numbers)}`;
      else text += `$${values.push(value)}`;
      text += this.#texts[index + 1] ?? "";
    }
    return text;
  }
}

/**
 * A value that stands in several places of a text as one parameter. The server infers a parameter's type from all of its places, so `$1 = id OR $1 IS NULL` is not the same
 * with two parameters. For this package.
 */
export class SharedValue {
  readonly #value: unknown;

  constructor(value: unknown) {
    this.#value = value;
  }

  numberIn(values: unknown[], numbers: Map<SharedValue, number>): number {
    const known = numbers.get(this);
    if (known !== undefined) return known;
    const number = values.push(this.#value);
    numbers.set(this, number);
    return number;
  }
}

export interface CompiledSql {
  readonly text: string;
  readonly values: readonly unknown[];
}

/**
 * Writes SQL as a template: `${…}` becomes a bound parameter, or is set in place when it is another {@link Sql}.
 *
 * ```ts
 * sql`SELECT id FROM ${identifier("orders")} WHERE org_id = ${orgId}`
 * ```
 *
 * @throws {InvalidArgumentError} when it is called with anything but a template, or a value is `undefined`
 */
export function sql(texts: TemplateStringsArray, ...values: readonly unknown[]): Sql {
  if (!Array.isArray(texts) || !Array.isArray(texts.raw)) {
    throw new InvalidArgumentError("sql as a tag of a template: sql`SELECT …`", typeof texts);
  }
  const missing = values.indexOf(undefined);
  if (missing >= 0) {
    throw new InvalidArgumentError(
      `a value for \${${missing + 1}} of the template; use null for NULL`,
      undefined,
    );
  }
  return new Sql(texts, values);
}

/** Pieces one after the other, with a piece between them: `join(columns.map(identifier), sql`, `)`. */
export function joinSql(pieces: readonly Sql[], separator: Sql): Sql {
  if (pieces.length === 0) return new Sql([""], []);
  const parts = pieces.flatMap((piece, index) => (index === 0 ? [piece] : [separator, piece]));
  return new Sql(
    Array.from({ length: parts.length + 1 }, () => ""),
    parts,
  );
}

/**
 * Names as quoted identifiers, with dots between them: `identifier("sales", "orders")` is `"sales"."orders"`. Quoting keeps a name from ending early; whether it exists is for
 * the catalog to say.
 *
 * @throws {InvalidArgumentError} when a name is empty or has a NUL
 */
export function identifier(...names: readonly [string, ...string[]]): Sql {
  return new Sql([names.map(quoteIdentifier).join(".")], []);
}

/** Text that this package wrote: keywords, operators, types from the catalog. Never exported. */
export function verbatim(text: string): Sql {
  return new Sql([text], []);
}
