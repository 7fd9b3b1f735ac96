/** True for what `await` would wait for: promises, and the lazy queries of database libraries. */
export function isThenable<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> {
  return (
    value instanceof Promise ||
    (((typeof value === "object" && value !== null) || typeof value === "function") &&
      "then" in value &&
      typeof value.then === "function")
  );
}
