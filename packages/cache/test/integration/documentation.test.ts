import { readFile } from "node:fs/promises";
import * as redisPackage from "@upshift/redis";
import { bringRedis, componentSkips, type RedisServer, startRedis } from "@upshift/services";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import * as cachePackage from "../../src/index.ts";

const skips = await componentSkips("Redis", bringRedis);
const opened: { close(): Promise<void> }[] = [];
const PAGES = "../../../../docs/patterns";

function connectRedis(url: string) {
  const redis = redisPackage.connectRedis(url);
  opened.push(redis);
  return redis;
}

/** The first example of a page, without its types, run as it stands with what it takes as given; `result` is an expression over its names. */
async function runExample(
  page: string,
  given: Readonly<Record<string, unknown>>,
  result: string,
): Promise<unknown> {
  const text = await readFile(new URL(page, import.meta.url), "utf8");
  const example = /```ts\n(.*?)```/s.exec(text)?.[1] ?? "";
  const names: string[] = [];
  const code = example
    .replaceAll(/import \{(.*?)\} from "[^"]*";\n/g, (_, list: string) => {
      names.push(...list.split(",").map((name) => name.trim()));
      return "";
    })
    .replaceAll(/: (?:number|string|\{[^{}]*;[^{}]*\})(?=[,)])/g, "")
    .replace(/await cache\.close\(\);\n$/, "");
  const imports: Record<string, unknown> = { ...cachePackage, connectRedis };
  // oxlint-disable-next-line typescript/no-implied-eval
  const run = new Function(
    ...names,
    ...Object.keys(given),
    `return (async () => { ${code}\ntry { return ${result}; } finally { await cache.close(); } })()`,
  ) as (...args: readonly unknown[]) => Promise<unknown>;
  return await run(...names.map((name) => imports[name]), ...Object.values(given));
}

describe.skipIf(skips.isMissing)("documentation of the cache", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  // Examples share names: what one has left is not for the next.
  beforeEach(() => server.command("FLUSHALL"));
  afterAll(async () => {
    await Promise.all(opened.map((redis) => redis.close()));
    await server?.stop();
  });
  const shop = () => {
    let loads = 0;
    return {
      process: { env: { REDIS_URL: server.url } },
      findProduct: async (id: number) => {
        loads += 1;
        return { id, shelf: 3, loads };
      },
    };
  };

  it.each([`${PAGES}/caching.md`, "../../README.md"])(
    "%s opens with an example that does what it says",
    async (page) => {
      expect(await runExample(page, shop(), "(await products.get(7)).loads")).toBe(2);
    },
  );

  it("of invalidation opens with an event that invalidates both places", async () => {
    const sections: string[] = [];
    let section = "news";
    const given = {
      moveArticle: async () => {
        section = "sport";
      },
      findArticle: async (id: number, { tags }: { tags: (tag: string) => void }) => {
        tags(`section:${section}`);
        sections.push(section);
        return { id, section };
      },
    };
    expect(
      await runExample(
        `${PAGES}/cache-invalidation.md`,
        given,
        "{ status, section: (await articles.get(7)).section }",
      ),
    ).toEqual({ status: "local", section: "sport" });
  });

  it("of stampedes opens with a policy that works", async () => {
    const given = { buildFrontPage: async (language: string) => `front page in ${language}` };
    expect(await runExample(`${PAGES}/cache-stampedes.md`, given, 'page.peek("en")')).toBe(
      "front page in en",
    );
  });

  it("names every option of a policy, of a definition and of the cache", async () => {
    const pages = await Promise.all(
      ["caching", "cache-invalidation", "cache-stampedes"].map((page) =>
        readFile(new URL(`${PAGES}/${page}.md`, import.meta.url), "utf8"),
      ),
    );
    for (const [file, name] of [
      ["policy/policy.ts", "interface PolicyOptions"],
      ["definition/definition-options.ts", "interface DefinitionOptions"],
    ] as const) {
      const source = await readFile(new URL(`../../src/${file}`, import.meta.url), "utf8");
      const from = source.indexOf(name);
      const declared = source.slice(from, source.indexOf("\n}\n", from));
      for (const [, option = ""] of declared.matchAll(/^ {2}readonly (\w+)\?:/gm))
        expect(pages.join("\n").includes(option), option).toBe(true);
    }
  });
});
