import { setImmediate as turn } from "node:timers/promises";

// 0, 1, 2, …; writes down what is asked of it.
export function* counted(count: number, log: string[] = []): Generator<number> {
  try {
    for (let item = 0; item < count; item++) {
      log.push(`pull ${item}`);
      yield item;
    }
  } finally {
    log.push("closed");
  }
}

/** What query builders and old libraries give: it can be awaited and is no promise. */
export function thenable<Value>(
  start: (resolve: (value: Value) => void, reject: (reason: unknown) => void) => void,
): PromiseLike<Value> {
  // oxlint-disable-next-line unicorn/no-thenable
  return { then: start } as unknown as PromiseLike<Value>;
}

/** Takes so many turns of the event loop. */
export async function turns(count: number): Promise<number> {
  for (let waited = 0; waited < count; waited++) await turn();
  return count;
}
