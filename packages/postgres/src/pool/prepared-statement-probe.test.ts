import { expect, test } from "vitest";
import type { Queryable } from "../connection/queryable.ts";
import { carriesPreparedStatements } from "./prepared-statement-probe.ts";

/** A server that knows statements by the name under which its pooler made them. */
function behind(rename: (name: string) => string): Queryable & { readonly log: string[] } {
  const known = new Set<string>();
  const log: string[] = [];
  const run = async (query: string | { readonly name: string; readonly values: unknown[] }) => {
    if (typeof query === "string") {
      log.push(query);
      return { rows: [] };
    }
    known.add(rename(query.name));
    return { rows: known.has(String(query.values[0])) ? [{}] : [] };
  };
  return { query: run as Queryable["query"], takesQueryConfig: true, log };
}

test("a pooler that names statements itself carries them", async () => {
  const client = behind(() => "PGBOUNCER_1");
  expect(await carriesPreparedStatements(client)).toBe(true);
  expect(client.log).toEqual(["BEGIN", "COMMIT"]);
});

test("one that passes our name on does not, and is left without it", async () => {
  const client = behind((name) => name);
  expect(await carriesPreparedStatements(client)).toBe(false);
  expect(client.log).toEqual([
    "BEGIN",
    expect.stringMatching(/^DEALLOCATE upshift_probe_[0-9a-f]{24}$/),
    "COMMIT",
  ]);
});

test("a driver without names has nothing to carry", async () => {
  expect(await carriesPreparedStatements({ query: async () => ({ rows: [] }) })).toBe(false);
});
