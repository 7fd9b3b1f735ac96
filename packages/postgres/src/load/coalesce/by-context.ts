import { RecentMap } from "./recent-map.ts";

/** Contexts that are no objects, tenants by their names say, of which the latest are kept. */
const CONTEXTS_LIMIT = 500;

/** Values by context. An object, such as the store of a request, is not kept alive by it. */
export class ByContext<V> {
  readonly #byObject = new WeakMap<object, V>();
  readonly #byValue = new RecentMap<unknown, V>(CONTEXTS_LIMIT);

  get(context: unknown): V | undefined {
    return isObject(context) ? this.#byObject.get(context) : this.#byValue.get(context);
  }

  set(context: unknown, value: V): void {
    if (isObject(context)) this.#byObject.set(context, value);
    else this.#byValue.set(context, value);
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
