import { describe, expect, it } from "vitest";
import type { News } from "../journal/news.ts";
import { PendingInvalidations } from "./pending.ts";

const key = (name: string, holdMs = 0): News => ["key", "user", name, holdMs];

describe("what Redis has not taken yet", () => {
  it("is listed once, however often it was invalidated, in the order in which it came first", () => {
    const pending = new PendingInvalidations();
    pending.add([key("a"), ["tag", "#t"]]);
    pending.add([["tag", "#t"]]);
    pending.add([key("a")]);
    expect(pending.size).toBe(2);
    expect(pending.list().map(({ news, count }) => [news, count])).toEqual([
      [key("a"), 2],
      [["tag", "#t"], 2],
    ]);
  });

  it("stays when it came again while it was sent", () => {
    const pending = new PendingInvalidations();
    pending.add([key("a")]);
    const [sent] = pending.list();
    pending.add([key("a")]);
    if (sent !== undefined) pending.remove(sent);
    expect(pending.covers("user", "a")).toBe(true);
    for (const each of pending.list()) pending.remove(each);
    expect(pending.covers("user", "a")).toBe(false);
    expect(pending.size).toBe(0);
  });

  it("keeps the longest of its holds", () => {
    const pending = new PendingInvalidations();
    pending.add([key("a", 500), key("a", 2_000), key("a")]);
    expect(pending.list().map(({ news }) => news)).toEqual([key("a", 2_000)]);
  });

  it("covers keys by name, by expiry and by pattern, and no others", () => {
    const pending = new PendingInvalidations();
    pending.add([key("a"), ["expire", "user", "b"], ["pattern", "user:c*"]]);
    expect(["a", "b", "c", "c1", "d", "ac"].filter((each) => pending.covers("user", each))).toEqual(
      ["a", "b", "c", "c1"],
    );
    expect(pending.covers("order", "a")).toBe(false);
    for (const each of pending.list()) pending.remove(each);
    expect(pending.covers("user", "c1")).toBe(false);
  });

  it("becomes the invalidation of everything when it is too much, and that one is not lost with the rest", () => {
    const pending = new PendingInvalidations();
    pending.add([["tag", "*"]]);
    const [everything] = pending.list();
    let replaced: readonly unknown[] = [];
    for (let index = 0; index < 10_000; index += 1) {
      const given = pending.add([key(String(index))]);
      if (given.length === 0) continue;
      replaced = given;
      for (const each of given) pending.remove(each);
    }
    expect(replaced).toHaveLength(10_000);
    expect(pending.list().map(({ news, count }) => [news, count])).toEqual([[["tag", "*"], 2]]);
    // The first of the two had been sent before: what came in place of the others has not.
    if (everything !== undefined) pending.remove(everything);
    expect(pending.size).toBe(1);
  });
});
