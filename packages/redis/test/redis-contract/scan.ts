import { expect } from "vitest";
import type { ContractCases } from "./redis-contract.ts";

export const scanCases: ContractCases = {
  "scans every key, over all masters": async ({ redis, key }) => {
    const prefix = key.slice(1, -1);
    const keys = Array.from({ length: 120 }, (_, index) => `${prefix}:scan:${index}`);
    await Promise.all(keys.map((each) => redis.send(["SET", each, "x"])));
    const found = new Set<unknown>();
    for (const master of await redis.masters()) {
      let cursor: unknown = "0";
      do {
        const reply = await master.send([
          "SCAN",
          String(cursor),
          "MATCH",
          `${prefix}:scan:*`,
          "COUNT",
          "50",
        ]);
        if (!Array.isArray(reply) || !Array.isArray(reply[1])) throw new Error("no scan reply");
        for (const each of reply[1]) found.add(each);
        [cursor] = reply;
      } while (cursor !== "0");
    }
    expect(found).toEqual(new Set(keys));
  },
};
