import { type ConformanceCase, notModified, ok } from "../conformance-case.ts";
import { MODIFIED } from "../resources.ts";

const listed: readonly (readonly [string, "same" | "other", string])[] = [
  ["<identity>", "same", "the tag alone"],
  ['"a", <identity>', "same", "the last of a list"],
  ['<identity>, "a"', "same", "the first of a list"],
  ['"a","b",<identity>,"c"', "same", "a list without white space"],
  ['"a" ,\t<identity> , "b"', "same", "a list with white space and tabs"],
  [", ,<identity>,", "same", "a list with empty members (RFC 9110 5.6.1)"],
  ['"a, b", <identity>', "same", "a comma within another tag"],
  ["W/<identity>", "same", "a weak form of it: the comparison is weak (8.8.3.2)"],
  ['W/"a", W/<identity>', "same", "a weak form of it in a list"],
  ['"a"', "other", "another tag"],
  ['"a", W/"b"', "other", "a list of others"],
  ['""', "other", "the empty tag, which is a tag"],
  ['"*"', "other", "a tag with an asterisk, which is no asterisk"],
  ["w/<identity>", "other", "a weakness in lower case: it is case-sensitive (8.8.3)"],
  ["abc", "other", "what is not a tag"],
  ['"unfinished', "other", "a quote that is not closed"],
  ['"a" <identity>', "other", "tags without a comma"],
  [`${'"a",'.repeat(2_500)}"b"`, "other", "2,500 tags"],
];

const path = "/article";
const noneMatch = (
  value: string | readonly string[],
): Record<string, string | readonly string[]> => ({
  "If-None-Match": value,
});

/** RFC 9110 13.1.2. */
const noneMatchCases: readonly ConformanceCase[] = [
  ...listed.map(([value, which, why]): ConformanceCase => ({
    section: "9110 13.1.2",
    claim: `If-None-Match with ${why} answers ${which === "same" ? "304" : "200"}`,
    path,
    headers: noneMatch(value),
    expected: which === "same" ? notModified() : ok(),
  })),
  {
    section: "9110 13.1.2",
    claim: "several fields are one list (5.3)",
    path,
    headers: noneMatch(['"a"', "<identity>"]),
    expected: notModified(),
  },
  {
    section: "9110 13.1.2",
    claim: "the asterisk matches what is there",
    path,
    headers: noneMatch("*"),
    expected: notModified(),
  },
  {
    section: "9110 13.1.2",
    claim: "the asterisk matches what is there without a tag",
    path: "/untagged",
    headers: noneMatch("*"),
    expected: notModified(),
  },
  {
    section: "9110 13.1.2",
    claim: "nothing but the asterisk matches what has no tag",
    path: "/untagged",
    headers: noneMatch('"none"'),
    expected: ok(),
  },
  {
    section: "9110 13.1.2",
    claim: "HEAD answers 304 too",
    method: "HEAD",
    path,
    headers: noneMatch("<identity>"),
    expected: notModified(),
  },
  {
    section: "9110 8.8.3.2",
    claim: "a weak tag matches itself",
    path: "/weak",
    headers: noneMatch("<identity>"),
    expected: notModified(),
  },
  {
    section: "9110 8.8.3.2",
    claim: "a weak tag of one coding is that of all",
    path: "/weak",
    headers: { ...noneMatch("<gzip>"), "Accept-Encoding": "br" },
    expected: notModified("br"),
  },
  {
    section: "9110 13.1.2",
    claim: "a tag that the program set matches",
    path: "/named",
    headers: noneMatch('"own"'),
    expected: { status: 304, has: { ETag: '"own"' } },
  },
  {
    section: "9110 13.2.1",
    claim: "an error is not compared",
    path: "/missing",
    headers: noneMatch("*"),
    expected: { status: 404 },
  },
  {
    section: "9110 13.2.1",
    claim: "a failure is not compared",
    path: "/failed",
    headers: { ...noneMatch("*"), "If-Match": '"x"', "If-Modified-Since": MODIFIED },
    expected: { status: 500 },
  },
];

/** RFC 9110 8.8.3.3: a strong tag stands for the bytes, and so for one coding. */
const codingCases: readonly ConformanceCase[] = [
  {
    section: "9110 8.8.3.3",
    claim: "the tag of the coding that would be sent answers 304",
    path,
    headers: { ...noneMatch("<gzip>"), "Accept-Encoding": "gzip" },
    expected: notModified("gzip"),
  },
  {
    section: "9110 8.8.3.3",
    claim: "the tag of Brotli answers 304",
    path,
    headers: { ...noneMatch("<br>"), "Accept-Encoding": "gzip, br" },
    expected: notModified("br"),
  },
  {
    section: "9110 8.8.3.3",
    claim: "a client keeps the coding that it has, when it still takes it",
    path,
    headers: { ...noneMatch("<gzip>"), "Accept-Encoding": "gzip, br" },
    expected: notModified("gzip"),
  },
  {
    section: "9110 8.8.3.3",
    claim: "of two codings that a cache has, 304 names the preferred one",
    path,
    headers: { ...noneMatch("<gzip>, <br>"), "Accept-Encoding": "gzip, br" },
    expected: notModified("br"),
  },
  {
    section: "9110 8.8.3.3",
    claim: "a client that refuses the coding that a cache has gets a body",
    path,
    headers: { ...noneMatch("<br>"), "Accept-Encoding": "gzip" },
    expected: ok("gzip"),
  },
  {
    section: "9110 8.8.3.3",
    claim: "a client that takes no coding gets a body, not the 304 of a compressed one",
    path,
    headers: noneMatch("<gzip>, <br>"),
    expected: ok(),
  },
  {
    section: "9110 8.8.3.3",
    claim: "the body as it is, when a cache has it and the client takes it",
    path,
    headers: { ...noneMatch("<identity>"), "Accept-Encoding": "gzip" },
    expected: notModified("identity"),
  },
  {
    section: "9110 8.8.3.3",
    claim: "a streamed body has a tag for its coding",
    path: "/large",
    headers: { ...noneMatch("<gzip>"), "Accept-Encoding": "gzip" },
    expected: notModified("gzip"),
  },
  {
    section: "9110 8.8.3.3",
    claim: "a tag that the program set is that of one coding too",
    path: "/named",
    headers: { "Accept-Encoding": "gzip" },
    expected: { ...ok("gzip"), has: { ETag: '"own-gzip"' } },
  },
  {
    section: "9110 8.8.3.3",
    claim: "what was coded already has a tag of its own",
    path: "/packed",
    headers: noneMatch("<identity>"),
    expected: notModified(),
  },
];

const since = (value: string | readonly string[]): Record<string, string | readonly string[]> => ({
  "If-Modified-Since": value,
});

const dates: readonly (readonly [string, 200 | 304, string])[] = [
  [MODIFIED, 304, "the date of the last change"],
  ["Wed, 21 Oct 2015 07:28:01 GMT", 304, "a later date"],
  ["Wed, 21 Oct 2015 07:27:59 GMT", 200, "a second before"],
  ["Wednesday, 21-Oct-15 07:28:00 GMT", 304, "the format of RFC 850 (5.6.7)"],
  ["Wednesday, 21-Oct-15 07:27:59 GMT", 200, "the format of RFC 850, a second before"],
  ["Friday, 21-Oct-94 07:28:00 GMT", 200, "two digits far ahead: the last century (5.6.7)"],
  ["Wed Oct 21 07:28:00 2015", 304, "the format of asctime (5.6.7)"],
  ["Sun Nov  6 08:49:37 1994", 200, "the format of asctime, a day of one digit"],
  ["Fri, 01 Jan 2100 00:00:00 GMT", 304, "a date ahead"],
  ["yesterday", 200, "what is not a date"],
  ["2015-10-21T07:28:00Z", 200, "a date that HTTP does not have"],
  ["Wed, 21 Oct 2015 07:28:00 CET", 200, "a zone that HTTP does not have"],
  ["Wed, 21 Oct 2015 25:28:00 GMT", 200, "an hour that there is not"],
  ["Wed, 31 Feb 2016 07:28:00 GMT", 200, "a day that there is not"],
  ["wed, 21 oct 2015 07:28:00 gmt", 200, "dates are case-sensitive"],
  [`${MODIFIED}, ${MODIFIED}`, 200, "more than one date"],
];

/** RFC 9110 13.1.3 and 5.6.7. */
const sinceCases: readonly ConformanceCase[] = [
  ...dates.map(([value, status, why]): ConformanceCase => ({
    section: "9110 13.1.3",
    claim: `If-Modified-Since, ${why}: ${status}`,
    path,
    headers: since(value),
    expected: { status, coding: "identity" },
  })),
  {
    section: "9110 13.1.3",
    claim: "dates are compared in the seconds that were sent",
    path: "/dated",
    headers: since(MODIFIED),
    expected: { status: 304, has: { "Last-Modified": MODIFIED } },
  },
  {
    section: "9110 13.1.3",
    claim: "what has no date is sent",
    path: "/small",
    headers: since(MODIFIED),
    expected: ok(),
  },
  {
    section: "9110 13.1.3",
    claim: "HEAD answers 304 too",
    method: "HEAD",
    path,
    headers: since(MODIFIED),
    expected: notModified(),
  },
  {
    section: "9110 13.1.3",
    claim: "a write does not heed it",
    method: "POST",
    path,
    headers: since(MODIFIED),
    expected: ok(),
  },
  {
    section: "9110 13.1.3",
    claim: "an error is not compared",
    path: "/missing",
    headers: since(MODIFIED),
    expected: { status: 404 },
  },
  {
    section: "9110 13.1.3",
    claim: "a 304 by date names the coding that would be sent",
    path,
    headers: { ...since(MODIFIED), "Accept-Encoding": "gzip" },
    expected: notModified("gzip"),
  },
];

/** Conditions of GET and HEAD. */
export const readConditionCases: readonly ConformanceCase[] = [
  ...noneMatchCases,
  ...codingCases,
  ...sinceCases,
];
