import type { Local, Upvalue } from "./lua-ast.ts";

/** The names that one function can see, while it is parsed. */
export class FunctionScope {
  readonly isVariadic: boolean;
  readonly upvalues: Upvalue[] = [];
  readonly #around: FunctionScope | undefined;
  readonly #upvalueIndexes = new Map<string, number>();
  readonly #upvalueSources: (Local | number)[] = [];
  #blocks: Map<string, Local>[] = [new Map()];
  #slotCount = 0;

  constructor(around: FunctionScope | undefined, isVariadic: boolean) {
    this.#around = around;
    this.isVariadic = isVariadic;
  }

  get slotCount(): number {
    return this.#slotCount;
  }

  declare(name: string): Local {
    const local: Local = { slot: this.#slotCount, isCaptured: false };
    this.#slotCount += 1;
    this.#blocks.at(-1)?.set(name, local);
    return local;
  }

  /** Runs `parse` in a block: its names end with it. */
  inBlock<T>(parse: () => T): T {
    this.#blocks.push(new Map());
    const parsed = parse();
    this.#blocks.pop();
    return parsed;
  }

  /** A local of this function, the number of an upvalue, or `undefined` for a global. */
  find(name: string): Local | number | undefined {
    for (const block of this.#blocks.toReversed()) {
      const local = block.get(name);
      if (local !== undefined) return local;
    }
    const found = this.#around?.find(name);
    if (found === undefined) return undefined;
    // The same name may stand for another variable further down.
    const known = this.#upvalueIndexes.get(name);
    if (known !== undefined && this.#upvalueSources[known] === found) return known;
    if (typeof found === "number") this.upvalues.push({ from: { upvalue: found } });
    else {
      found.isCaptured = true;
      this.upvalues.push({ from: { local: found } });
    }
    this.#upvalueSources.push(found);
    const index = this.upvalues.length - 1;
    this.#upvalueIndexes.set(name, index);
    return index;
  }
}
