import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as tasks from "../index.ts";

/** The first example of a page as a function of what it takes as given. */
function firstExample(page: string, given: Readonly<Record<string, unknown>>, result: string) {
  const text = readFileSync(new URL(page, import.meta.url), "utf8");
  const example = /```ts\n(?<code>.*?)```/s.exec(text)?.groups?.["code"] ?? "";
  const [, names = "", code = ""] =
    /^import \{(.*?)\} from "@upshift\/tasks";\n(.*)$/s.exec(example) ?? [];
  const imported = names.split(",").map((name) => name.trim());
  const values = imported.map((name) => Reflect.get(tasks, name) as unknown);
  // oxlint-disable-next-line typescript/no-implied-eval
  return new Function(
    ...imported,
    ...Object.keys(given),
    `return (async () => { ${code}\nreturn ${result}; })()`,
  ).bind(undefined, ...values, ...Object.values(given)) as () => Promise<unknown>;
}

const store = {
  loadUser: async (id: number) => ({ id }),
  loadOrders: async () => ["a", "bb"],
};

test("the first example of the page does what it says", async () => {
  const busy = Object.assign(new Error("503"), { retryAfterMs: 1 });
  let attempts = 0;
  const run = firstExample(
    "../../../../docs/patterns/parallel-work.md",
    {
      ...store,
      request: { signal: new AbortController().signal },
      loadNews: async () => "news",
      loadAds: () => Promise.reject(busy),
      weigh: async (order: string) => order.length,
      loadRates: async ({ signal }: { signal: AbortSignal }) => {
        if (attempts++ === 0) throw busy;
        return signal.aborted ? [] : [1.1];
      },
    },
    "{ user, orders, successes, failures, sizes, rates }",
  );
  expect(await run()).toEqual({
    user: { id: 7 },
    orders: ["a", "bb"],
    successes: { news: "news", ads: [] },
    failures: {},
    sizes: [1, 2],
    rates: [1.1],
  });
  expect(attempts).toBe(2);
});

test("the first example of the README does what it says", async () => {
  const seen: unknown[] = [];
  const note = (signal: unknown): unknown => seen.push(signal instanceof AbortSignal);
  const run = firstExample(
    "../../README.md",
    {
      loadUser: async (id: number, signal: unknown) => note(signal) && { id },
      loadOrders: async (_id: number, signal: unknown) => note(signal) && ["a", "bb"],
      render: async (order: string, signal: unknown) => note(signal) && `${order}.png`,
    },
    "{ user, orders, thumbnails }",
  );
  expect(await run()).toEqual({
    user: { id: 7 },
    orders: ["a", "bb"],
    thumbnails: ["a.png", "bb.png"],
  });
  expect(seen).toEqual([true, true, true, true]);
});
