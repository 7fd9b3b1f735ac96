import { describe, expect, it } from "vitest";
import { definitionTag, EVERYTHING, expiryTag, TagTimes, userTag } from "./tag-times.ts";

const entry = (clock: number, ordinal: number, ...tags: string[]) => ({ clock, ordinal, tags });

describe("when tags were invalidated", () => {
  it("makes void what was loaded with a lower clock and carries the tag, its definition or anything", () => {
    const times = new TagTimes();
    times.raise(userTag("t"), 10, false);
    expect(times.isVoid(entry(9, -1, "t"), "user")).toBe(true);
    expect(times.isVoid(entry(10, -1, "t"), "user")).toBe(false);
    expect(times.isVoid(entry(9, -1, "other"), "user")).toBe(false);
    times.raise(definitionTag("user"), 20, false);
    expect(times.isVoid(entry(19, -1), "user")).toBe(true);
    expect(times.isVoid(entry(19, -1), "order")).toBe(false);
    times.raise(EVERYTHING, 30, false);
    expect(times.isVoid(entry(29, -1), "order")).toBe(true);
  });

  it("takes no tag of an application for one of its own", () => {
    const times = new TagTimes();
    for (const name of ["*", "@user", "#t", "~#t"]) times.raise(userTag(name), 10, false);
    expect(times.isVoid(entry(1, -1, "t"), "user")).toBe(false);
    expect(times.isExpired(entry(1, -1, "t"), "user")).toBe(false);
  });

  it("hears of what another invalidated before, when the answer to an own one came first", () => {
    const times = new TagTimes();
    times.begin(userTag("t"));
    const between = entry(5, times.ordinal, "t");
    times.raise(userTag("t"), 20, true);
    times.settle(userTag("t"), 20);
    expect(times.isVoid(between, "user")).toBe(false);
    times.raise(userTag("t"), 10, false);
    expect(times.isVoid(between, "user")).toBe(true);
    // Told twice, it voids nothing that was loaded since.
    const after = entry(5, times.ordinal, "t");
    times.raise(userTag("t"), 10, false);
    expect(times.isVoid(after, "user")).toBe(false);
  });

  it("voids at once what this process invalidates, and nothing that it loads from then on", () => {
    const times = new TagTimes();
    const before = entry(5, times.ordinal, "t");
    times.begin(userTag("t"));
    const after = entry(5, times.ordinal, "t");
    expect(times.isVoid(before, "user")).toBe(true);
    expect(times.isVoid(after, "user")).toBe(false);
    // What Redis has may be older than what it has not been told.
    expect(times.isVoid(entry(1_000, -1, "t"), "user")).toBe(true);
    times.settle(userTag("t"), 10);
    expect(times.isVoid(before, "user")).toBe(true);
    expect(times.isVoid(after, "user")).toBe(false);
    expect(times.isVoid(entry(10, -1, "t"), "user")).toBe(false);
    expect(times.isVoid(entry(9, -1, "t"), "user")).toBe(true);
  });

  it("believes nothing of Redis until the last of several invalidations is there", () => {
    const times = new TagTimes();
    times.begin(userTag("t"));
    times.begin(userTag("t"));
    times.settle(userTag("t"), 10);
    expect(times.isVoid(entry(10, -1, "t"), "user")).toBe(true);
    times.settle(userTag("t"), 11);
    expect(times.isVoid(entry(10, -1, "t"), "user")).toBe(true);
    expect(times.isVoid(entry(11, -1, "t"), "user")).toBe(false);
  });

  it("never goes back, in whatever order it is heard", () => {
    const times = new TagTimes();
    times.raise(userTag("t"), 20, false);
    const { version } = times;
    times.raise(userTag("t"), 10, false);
    expect(times.version).toBe(version);
    expect(times.isVoid(entry(19, -1, "t"), "user")).toBe(true);
  });

  it("keeps expiry apart: what is expired is not void", () => {
    const times = new TagTimes();
    times.raise(expiryTag(userTag("t")), 10, false);
    expect(times.isVoid(entry(9, -1, "t"), "user")).toBe(false);
    expect(times.isExpired(entry(9, -1, "t"), "user")).toBe(true);
    expect(times.isExpired(entry(10, -1, "t"), "user")).toBe(false);
  });

  it("says what it does not know any more, once it is asked to keep too many, and forgets none that is on its way", () => {
    const times = new TagTimes(2);
    times.begin(userTag("pending"));
    times.raise(userTag("a"), 10, false);
    times.raise(userTag("b"), 20, false);
    expect(times.isUnknown(entry(10, -1, "a"))).toBe(true);
    expect(times.isUnknown(entry(11, -1, "a"))).toBe(false);
    expect(times.isVoid(entry(1_000, -1, "pending"), "user")).toBe(true);
  });
});
