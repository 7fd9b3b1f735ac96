import { readFile } from "node:fs/promises";
import { createSimulatedClock } from "@upshift/foundation/testing";
import { bringRedis, componentSkips, type RedisServer, startRedis } from "@upshift/services";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as redisPackage from "../../src/index.ts";
import * as testing from "../../src/testing/index.ts";

const skips = await componentSkips("Redis", bringRedis);
const PAGE = "../../../../docs/patterns/redis-connections.md";
const README = "../../README.md";

/** The nth example of a page, run as it stands with what it takes as given; `result` is an expression over its names. */
async function runExample(
  page: string,
  index: number,
  given: Readonly<Record<string, unknown>>,
  result: string,
): Promise<unknown> {
  const text = await readFile(new URL(page, import.meta.url), "utf8");
  const example = [...text.matchAll(/```ts\n(.*?)```/gs)][index]?.[1] ?? "";
  const [, names = "", code = ""] = /^import \{(.*?)\} from "[^"]*";\n(.*)$/s.exec(example) ?? [];
  const imported = names.split(",").map((name) => name.trim());
  const values = imported.map((name): unknown =>
    Reflect.get({ ...redisPackage, ...testing }, name),
  );
  // oxlint-disable-next-line typescript/no-implied-eval
  const run = new Function(
    ...imported,
    ...Object.keys(given),
    `return (async () => { ${code}\nreturn ${result}; })()`,
  ) as (...args: readonly unknown[]) => Promise<unknown>;
  return await run(...values, ...Object.values(given));
}

describe.skipIf(skips.isMissing)("documentation of connections", () => {
  let server: RedisServer;
  let given: Readonly<Record<string, unknown>>;
  beforeAll(async () => {
    server = await startRedis();
    given = { process: { env: { REDIS_URL: server.url } } };
  });
  afterAll(() => server?.stop());

  it("opens with an example that does what it says", async () => {
    const outcome = await runExample(
      PAGE,
      0,
      { ...given, received: [] },
      "{ greeting, count, removedCount }",
    );
    expect(outcome).toEqual({ greeting: "hello", count: 2, removedCount: 1 });
    expect(await server.command("KEYS", "*")).toBe("*1\r\n$8\r\ngreeting");
  });

  it("shows the in-memory Redis as it works", async () => {
    const clock = createSimulatedClock();
    expect(await runExample(PAGE, 1, { clock }, "{ gone, isReady: redis.isReady }")).toEqual({
      gone: null,
      isReady: true,
    });
  });

  it("of the package opens with an example that does what it says", async () => {
    expect(await runExample(README, 0, given, "{ isAllowed, retryAfterMs }")).toEqual({
      isAllowed: true,
      retryAfterMs: 0,
    });
  });

  it("names every option of connectRedis", async () => {
    const page = await readFile(new URL(PAGE, import.meta.url), "utf8");
    const source = await readFile(
      new URL("../../src/connect/connect-options.ts", import.meta.url),
      "utf8",
    );
    const declared = source.slice(source.indexOf("interface"), source.indexOf("\n}\n"));
    for (const [, option = ""] of declared.matchAll(/readonly (\w+)\?:/g))
      expect(option === "clock" || page.includes(option), option).toBe(true);
  });
});
