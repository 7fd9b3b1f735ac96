import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createTestDatabase } from "@upshift/services";
import { expect, it, onTestFinished, vi } from "vitest";
import { shopTemplate } from "../../fixtures/shop-database.ts";

it("the example of the README runs and prints advice", async () => {
  const database = await createTestDatabase({ template: shopTemplate });
  // Inside the package, so that its imports resolve as a user's would.
  const folder = await mkdtemp(new URL("../../.readme-", import.meta.url).pathname);
  const url = process.env["DATABASE_URL"];
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  onTestFinished(async () => {
    log.mockRestore();
    if (url === undefined) delete process.env["DATABASE_URL"];
    else process.env["DATABASE_URL"] = url;
    await rm(folder, { recursive: true });
    await database.drop();
  });
  process.env["DATABASE_URL"] = database.url;

  const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  await writeFile(`${folder}/example.ts`, example);
  await import(`${folder}/example.ts`);

  const printed = log.mock.calls.map((parts) => parts.join(" "));
  expect(printed[0]).toMatch(/^CREATE INDEX CONCURRENTLY orders_user_id_/);
}, 60_000);
