import { expect, test } from "vitest";
import { createBoardCalendar } from "./board-window.ts";

const at = (text: string) => Date.parse(text);

test("windows are named by the calendar", () => {
  const utc = createBoardCalendar("UTC");
  const moment = at("2026-11-22T15:59:59.999Z");
  expect(utc.label("all", moment)).toBe("all");
  expect(utc.label("hourly", moment)).toBe("2026-11-22T15");
  expect(utc.label("daily", moment)).toBe("2026-11-22");
  expect(utc.label("weekly", moment)).toBe("2026-W47");
  expect(utc.label("monthly", moment)).toBe("2026-11");
});

test.each([
  // The table of ISO 8601 week dates around New Year.
  ["2005-01-01", "2004-W53"],
  ["2005-12-31", "2005-W52"],
  ["2006-01-02", "2006-W01"],
  ["2007-12-31", "2008-W01"],
  ["2008-12-28", "2008-W52"],
  ["2008-12-29", "2009-W01"],
  ["2010-01-03", "2009-W53"],
])("%s lies in week %s", (date, week) => {
  expect(createBoardCalendar("UTC").label("weekly", at(`${date}T12:00:00Z`))).toBe(week);
});

test("a window back is the one before, over the ends of months, years and clock changes", () => {
  const utc = createBoardCalendar("UTC");
  const newYear = at("2027-01-01T00:00:00Z");
  expect(utc.label("daily", newYear, 1)).toBe("2026-12-31");
  expect(utc.label("monthly", newYear, 1)).toBe("2026-12");
  expect(utc.label("monthly", at("2026-03-31T12:00:00Z"), 1)).toBe("2026-02");
  expect(utc.label("weekly", newYear, 1)).toBe("2026-W52");
  expect(utc.label("hourly", newYear, 1)).toBe("2026-12-31T23");
  const berlin = createBoardCalendar("Europe/Berlin");
  // Clocks go forward in the night to 29 March 2026: that day has 23 hours.
  expect(berlin.label("daily", at("2026-03-29T22:30:00Z"))).toBe("2026-03-30");
  expect(berlin.label("daily", at("2026-03-29T22:30:00Z"), 1)).toBe("2026-03-29");
  expect(berlin.label("daily", at("2026-03-28T23:30:00Z"), 1)).toBe("2026-03-28");
});

test("an unknown zone is refused by name", () => {
  expect(() => createBoardCalendar("Mars/Olympus")).toThrow(/timeZone.*Mars\/Olympus/);
});
