import { types } from "node:util";
import { areKnownBytes } from "./bytes.ts";
import { CacheValueError } from "./cache-value-error.ts";
import { DEEPEST } from "./is-plain-json.ts";

/** Names of members in messages are cut here. */
const LONGEST_NAME = 60;

/** What was found on the way through a value that can travel. */
export interface Survey {
  /** Some object has a member named `__proto__`. */
  readonly hasProtoMember: boolean;
}

/**
 * Looks at every part of a value once, with its path.
 *
 * @throws {CacheValueError} for the first part that would not come back as it is
 */
export function survey(value: unknown): Survey {
  const surveyor = new Surveyor();
  surveyor.visit(value);
  return surveyor;
}

class Surveyor implements Survey {
  hasProtoMember = false;
  readonly #seen = new Set<object>();
  readonly #path: string[] = ["$"];

  visit(value: unknown): void {
    if (typeof value === "function" || typeof value === "symbol")
      throw this.#refusal(`a ${typeof value}`);
    if (typeof value !== "object" || value === null || this.#seen.has(value)) return;
    this.#seen.add(value);
    if (this.#path.length > DEEPEST + 1)
      throw this.#refusal(`nested deeper than ${DEEPEST} levels`);
    if (Array.isArray(value)) this.#visitArray(value);
    else if (types.isMap(value)) this.#visitMap(value);
    else if (types.isSet(value)) this.#visitSet(value);
    else if (isPlainObject(value)) this.#visitMembers(value);
    else if (!isLeaf(value)) throw this.#refusal(kindOf(value));
  }

  #visitArray(items: readonly unknown[]): void {
    if (nameOfClass(items) !== "Array") throw this.#refusal(kindOf(items));
    // By name, since an array may be nearly all holes. Members that are not items do not travel.
    for (const name of Object.keys(items)) {
      const at = Number(name);
      if (Number.isInteger(at)) this.#visitAt(`[${at}]`, items[at]);
    }
  }

  #visitMap(map: ReadonlyMap<unknown, unknown>): void {
    if (nameOfClass(map) !== "Map") throw this.#refusal(kindOf(map));
    let at = 0;
    for (const [key, value] of map) {
      // Keys are data, so a message gives their place in place of them.
      this.#visitAt(`.keys()[${at}]`, key);
      this.#visitAt(`.values()[${at}]`, value);
      at += 1;
    }
  }

  #visitSet(set: ReadonlySet<unknown>): void {
    if (nameOfClass(set) !== "Set") throw this.#refusal(kindOf(set));
    let at = 0;
    for (const value of set) {
      this.#visitAt(`.values()[${at}]`, value);
      at += 1;
    }
  }

  #visitMembers(members: Readonly<Record<string, unknown>>): void {
    if (typeof members["toJSON"] === "function") this.#visitAt(".toJSON", members["toJSON"]);
    for (const name of Object.keys(members)) {
      if (name === "__proto__") this.hasProtoMember = true;
      this.#visitAt(memberPath(name), members[name]);
    }
  }

  #visitAt(segment: string, value: unknown): void {
    this.#path.push(segment);
    this.visit(value);
    this.#path.pop();
  }

  #refusal(kind: string): CacheValueError {
    const path =
      this.#path.length > 40
        ? `${this.#path.slice(0, 20).join("")}…${this.#path.slice(-20).join("")}`
        : this.#path.join("");
    return new CacheValueError(path, kind);
  }
}

/** Objects without parts of their own; each must be of the built-in class itself, since what a subclass adds would be lost. */
function isLeaf(value: object): boolean {
  if (Buffer.isBuffer(value)) return true;
  if (types.isSymbolObject(value)) return false;
  const tag = Object.prototype.toString.call(value).slice("[object ".length, -1);
  const isBuiltIn =
    types.isBoxedPrimitive(value) ||
    types.isDate(value) ||
    types.isRegExp(value) ||
    ((ArrayBuffer.isView(value) || types.isArrayBuffer(value)) && areKnownBytes(tag)) ||
    value instanceof URL ||
    value instanceof URLSearchParams;
  return tag.startsWith("Temporal.") || (isBuiltIn && nameOfClass(value) === tag);
}

/** Also of another realm, such as a `node:vm` context, whose Object.prototype is another; also without prototype. */
export function isPlainObject(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  return (
    typeof prototype === "object" &&
    Object.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype, "isPrototypeOf")
  );
}

function kindOf(value: object): string {
  if (types.isPromise(value)) return "a promise";
  if (types.isNativeError(value)) return "an error";
  const name = nameOfClass(value);
  return name === undefined ? "an object of a class" : `an object of class ${name}`;
}

/** Asks the prototype: a member of the value named `constructor` is data. */
function nameOfClass(value: object): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (typeof prototype !== "object" || prototype === null) return undefined;
  const of: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  return typeof of === "function" && of.name !== "" ? shorten(of.name) : undefined;
}

function memberPath(name: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) && name.length <= LONGEST_NAME
    ? `.${name}`
    : `[${JSON.stringify(shorten(name))}]`;
}

function shorten(name: string): string {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
}
