/** A promise that a test settles. */
export interface Deferred<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (reason: unknown) => void;
}

export function deferred<Value>(): Deferred<Value> {
  const settlers: Pick<Deferred<Value>, "resolve" | "reject">[] = [];
  const promise = new Promise<Value>((resolve, reject) => void settlers.push({ resolve, reject }));
  return {
    promise,
    resolve: (value) => settlers[0]?.resolve(value),
    reject: (reason) => settlers[0]?.reject(reason),
  };
}
