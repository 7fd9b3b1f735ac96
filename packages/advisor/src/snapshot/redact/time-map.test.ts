import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createTimeMap } from "./time-map.ts";

const NOW_MS = Date.UTC(2026, 0, 15, 12);
const map = createTimeMap(NOW_MS, () => 0.5);
const iso = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")}+00`;

test("the moment of the snapshot stays, and a distance from it grows by the key's share", () => {
  expect(map.timestamp("2026-01-15 12:00:00+00", "timestamp")).toBe("2026-01-15 12:00:00+00");
  // 6 % at every knot with this key: 100 days become 106.
  expect(map.timestamp(iso(NOW_MS - 100 * 86_400_000), "timestamp")).toBe(
    iso(NOW_MS - 106 * 86_400_000),
  );
});

test("order stays over the years that JavaScript can write", () => {
  const instant = fc.integer({ min: Date.UTC(1000, 0), max: Date.UTC(4000, 0) });
  fc.assert(
    fc.property(instant, instant, (left, right) => {
      const [low, high] = [Math.min(left, right), Math.max(left, right)];
      const moved = [low, high].map((ms) =>
        Date.parse(`${map.timestamp(iso(ms), "timestamp") ?? ""}:00`.replace(" ", "T")),
      );
      expect(moved[0]).toBeLessThanOrEqual(moved[1] ?? Number.NaN);
    }),
    { seed: 8, numRuns: 500 },
  );
});

test("a date stays a date, a constant that looks like one gets its time of day", () => {
  expect(map.timestamp("2025-01-01", "date")).toMatch(/^2024-12-\d{2}$/);
  expect(map.timestamp("2025-01-01", "as-written")).toMatch(/^2024-12-\d{2} \d{2}:\d{2}:\d{2}$/);
  expect(map.timestamp("9999-12-31", "date")).toMatch(/^\d{5}-\d{2}-\d{2}$/);
});

test("offsets count", () => {
  expect(map.timestamp("2025-06-01 02:00:00+02", "timestamp")).toBe(
    map.timestamp("2025-06-01 00:00:00+00", "timestamp"),
  );
});

test.each(["", "yesterday", "2025-13-01", "2025-00-10", "2025-01-32", "12", "10-10-2025"])(
  "%j is no timestamp",
  (text) => {
    expect(map.timestamp(text, "as-written")).toBeNull();
  },
);

test("times of day stay within the day and in order", () => {
  const times = ["00:00:00", "06:30:00", "12:00:00", "18:45:10", "23:59:59"].map((time) =>
    String(map.timeOfDay(time)),
  );
  expect(times[0]).toBe("00:00:00");
  expect(times).toEqual(times.toSorted((left, right) => left.localeCompare(right)));
  expect(map.timeOfDay("25:00:00")).toBeNull();
});
