import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Position } from "../position.ts";
import { cursors, type CursorsOptions } from "./cursors.ts";

const NEW_SECRET = "kQ3v9ZpX7tLw2RbYc8NfHs5JmDgA4uEe";
const OLD_SECRET = "0f8c2b6e9d4a17355c1fb6e0a3d97248";
const POSITION: Position = ["2026-11-22T15:00:00.000001+00:00", null, 'ä\u{1F600}"\\'];
const SCOPE = { list: "items", filter: ["where", { text: "org = $1", values: [7] }] };
const MUTATIONS = 10_000;
const FORMS: readonly (readonly [string, Partial<CursorsOptions>])[] = [
  ["signed", {}],
  ["sealed", { seal: true }],
];

describe.each(FORMS)("%s cursors", (_, form) => {
  const make = (options: Partial<CursorsOptions> = {}) =>
    cursors({ secret: NEW_SECRET, ...form, ...options }).inScope(SCOPE);

  test("a position comes back as it was", () => {
    const position = fc.array(fc.option(fc.string({ unit: "grapheme" })), { maxLength: 8 });
    fc.assert(
      fc.property(position, (values) => {
        const scoped = make();
        expect(scoped.decode(scoped.encode(values))).toEqual(values);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  test(`of ${MUTATIONS} mutations none is accepted, and none fails in another way`, () => {
    const scoped = make();
    const cursor = scoped.encode(POSITION);
    const other = scoped.encode(["x", "1", null]);
    let tried = 0;
    fc.assert(
      fc.property(mutation(cursor, other), (mutant) => {
        fc.pre(mutant !== cursor && mutant !== other);
        tried += 1;
        expect(outcome(() => scoped.decode(mutant))).toBe("UPSHIFT_INVALID_CURSOR");
      }),
      { seed: 2, numRuns: MUTATIONS },
    );
    expect(tried).toBeGreaterThanOrEqual(MUTATIONS);
  });

  test("every single character of a cursor counts, the last one's stray bits too", () => {
    const scoped = make();
    // Three lengths: base64 leaves none, two or four bits of its last character over.
    const mutants = ["x", "xx", "xxx"].flatMap((value) => {
      const cursor = scoped.encode([value]);
      return Array.from(cursor, (_character, index) =>
        Array.from("AB-_9z", (other) => cursor.slice(0, index) + other + cursor.slice(index + 1)),
      )
        .flat()
        .filter((mutant) => mutant !== cursor);
    });
    const outcomes = mutants.map((mutant) => outcome(() => scoped.decode(mutant)));
    expect(mutants.length).toBeGreaterThan(500);
    expect(new Set(outcomes)).toEqual(new Set(["UPSHIFT_INVALID_CURSOR"]));
  });

  test.each([
    ["padding", (cursor: string) => `${cursor}=`],
    ["white space", (cursor: string) => ` ${cursor}`],
    ["a line break", (cursor: string) => `${cursor}\n`],
    ["one inside", (cursor: string) => `${cursor.slice(0, 9)}\n${cursor.slice(9)}`],
    ["a NUL", (cursor: string) => `${cursor}\0`],
    ["percent signs", (cursor: string) => `%${cursor}`],
    ["itself again", (cursor: string) => cursor + cursor],
  ])("%s is refused", (_name, change) => {
    const scoped = make();
    // 40 bytes and more: some of them give "-" or "_", which the other alphabet would spell otherwise.
    const cursor = scoped.encode(POSITION);
    expect(() => scoped.decode(change(cursor))).toThrow(REFUSED);
  });

  test("the other base64 alphabet is refused", () => {
    const scoped = make();
    const spelled = Array.from({ length: 50 }, (_item, index) => scoped.encode([`${index}ÿ~`]))
      .map((cursor) => [cursor, cursor.replaceAll("-", "+").replaceAll("_", "/")] as const)
      .filter(([cursor, other]) => cursor !== other);
    expect(spelled.length).toBeGreaterThan(0);
    for (const [, other] of spelled) expect(() => scoped.decode(other)).toThrow(REFUSED);
  });

  test.each([undefined, null, 7, "", {}, ["a"], Symbol("x"), Number.NaN])(
    "%s is refused as any other cursor is",
    (value) => {
      expect(() => make().decode(value)).toThrow(REFUSED);
    },
  );

  test("a cursor is good for its scope and binding only", () => {
    const cursor = make().encode(POSITION);
    const scopes = [
      { ...SCOPE, list: "orders" },
      { ...SCOPE, filter: ["where", { text: "org = $1", values: ["7"] }] },
      {},
    ];
    for (const scope of scopes) {
      const foreign = cursors({ secret: NEW_SECRET, ...form }).inScope(scope);
      expect(() => foreign.decode(cursor)).toThrow(REFUSED);
    }
    let tenant = 1;
    const bound = cursors({ secret: NEW_SECRET, ...form, bind: () => ({ tenant }) });
    const first = bound.inScope(SCOPE);
    tenant = 2;
    expect(() => bound.inScope(SCOPE).decode(first.encode(POSITION))).toThrow(REFUSED);
    expect(() => first.decode(cursor)).toThrow(REFUSED);
    tenant = 1;
    expect(bound.inScope(SCOPE).decode(first.encode(POSITION))).toEqual(POSITION);
  });

  test("while secrets change both are accepted, and the first makes", () => {
    const before = make({ secret: OLD_SECRET });
    const during = make({ secret: [NEW_SECRET, OLD_SECRET] });
    const after = make({ secret: NEW_SECRET });
    expect(during.decode(before.encode(POSITION))).toEqual(POSITION);
    expect(after.decode(during.encode(POSITION))).toEqual(POSITION);
    expect(() => after.decode(before.encode(POSITION))).toThrow(REFUSED);
    expect(() => before.decode(during.encode(POSITION))).toThrow(REFUSED);
  });

  test("a cursor is good until its age is reached, and not at it", () => {
    let nowMs = Date.UTC(2026, 10, 22);
    const scoped = make({ maxAge: "7d", clock: { now: () => nowMs } });
    const cursor = scoped.encode(POSITION);
    nowMs += 7 * 86_400_000 - 1;
    expect(scoped.decode(cursor)).toEqual(POSITION);
    nowMs += 1;
    expect(() => scoped.decode(cursor)).toThrow(REFUSED);
  });

  test("one that is too long is neither made nor read", () => {
    const cursor = make().encode(["x".repeat(300)]);
    expect(make({ maxLength: cursor.length }).decode(cursor)).toEqual(["x".repeat(300)]);
    const short = make({ maxLength: cursor.length - 1 });
    expect(() => short.decode(cursor)).toThrow(REFUSED);
    expect(() => short.encode(["x".repeat(300)])).toThrow(
      expect.objectContaining({ code: "UPSHIFT_CURSOR_TOO_LARGE" }),
    );
    // A megabyte costs nothing: it is not decoded.
    expect(() => make().decode("A".repeat(1_000_000))).toThrow(REFUSED);
  });
});

test("a signed cursor is no sealed one, and the other way round", () => {
  const signed = cursors({ secret: NEW_SECRET }).inScope(SCOPE);
  const sealed = cursors({ secret: NEW_SECRET, seal: true }).inScope(SCOPE);
  expect(() => sealed.decode(signed.encode(POSITION))).toThrow(REFUSED);
  expect(() => signed.decode(sealed.encode(POSITION))).toThrow(REFUSED);
});

test.each(FORMS)("%s cursors of one place are the same at any time, unless they age", (_, form) => {
  let nowMs = 1;
  const make = (options: Partial<CursorsOptions> = {}) =>
    cursors({ secret: NEW_SECRET, clock: { now: () => nowMs }, ...form, ...options });
  const encode = (options?: Partial<CursorsOptions>) =>
    make(options).inScope(SCOPE).encode(POSITION);
  const [first, aging] = [encode(), encode({ maxAge: "1h" })];
  nowMs = 2;
  expect(encode()).toBe(first);
  expect(encode({ maxAge: "1h" })).not.toBe(aging);
  expect(make().inScope("other").encode(POSITION)).not.toBe(first);
  expect(() => make({ maxAge: "1h" }).inScope(SCOPE).decode(first)).not.toThrow();
  nowMs = 3_600_000;
  expect(() => make({ maxAge: "1h" }).inScope(SCOPE).decode(first)).toThrow(REFUSED);
});

test("sealed cursors hide the values; signed ones carry no scope", () => {
  const scoped = cursors({ secret: NEW_SECRET, seal: true }).inScope(SCOPE);
  const position: Position = ["salary 123456"];
  expect(shown(scoped.encode(position))).not.toContain("123456");
  const signed = shown(cursors({ secret: NEW_SECRET }).inScope(SCOPE).encode(position));
  expect(signed).toContain("123456");
  expect(signed).not.toContain("org");
});

test("every refusal is the same: no message, detail or cause tells one from another", () => {
  const scoped = cursors({ secret: NEW_SECRET, maxAge: 0 }).inScope(SCOPE);
  const expired = scoped.encode(POSITION);
  const foreign = cursors({ secret: NEW_SECRET, maxAge: 0 }).inScope("other").encode(POSITION);
  const refusals = [expired, foreign, `${expired}=`, "", 7, "A".repeat(10_000)].map((cursor) => {
    try {
      scoped.decode(cursor);
    } catch (error) {
      return error;
    }
    throw new Error("was accepted");
  });
  const [first] = refusals;
  for (const refusal of refusals) {
    expect(refusal).toMatchObject(REFUSAL);
    expect(JSON.stringify(refusal)).toBe(JSON.stringify(first));
    expect(String(refusal)).toBe(String(first));
    expect(refusal).not.toHaveProperty("cause");
  }
});

function shown(cursor: string): string {
  return Buffer.from(cursor, "base64url").toString("latin1");
}

/** The code of the error, or what it is instead of one of ours. */
function outcome(decode: () => unknown): unknown {
  try {
    decode();
    return "accepted";
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
}

const REFUSED = "The cursor is not valid for this list";
const REFUSAL = { code: "UPSHIFT_INVALID_CURSOR", status: 400, statusCode: 400, details: {} };

/** Changed characters, cut, lengthened, spliced, reordered, changed bytes. */
function mutation(cursor: string, other: string): fc.Arbitrary<string> {
  const index = fc.nat(cursor.length - 1);
  const bytes = Buffer.from(cursor, "base64url");
  return fc.oneof(
    fc
      .tuple(index, fc.constantFrom(...Array.from("ABCDwxyz0123456789-_+/= \n%é")))
      .map(([at, character]) => cursor.slice(0, at) + character + cursor.slice(at + 1)),
    index.map((length) => cursor.slice(0, length)),
    index.map((length) => cursor.slice(length)),
    fc.string({ maxLength: 12 }).map((tail) => cursor + tail),
    fc.tuple(index, index).map(([cut, from]) => cursor.slice(0, cut) + other.slice(from)),
    fc
      .tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }))
      .map(([at, bits]) => bytes.with(at, (bytes[at] ?? 0) ^ bits))
      .map((changed) => Buffer.from(changed).toString("base64url")),
    fc.uint8Array({ maxLength: 80 }).map((any) => Buffer.from(any).toString("base64url")),
    fc
      .tuple(fc.constantFrom(1, 2), fc.uint8Array({ minLength: 30, maxLength: 90 }))
      .map(([version, any]) => Buffer.from([version, ...any]).toString("base64url")),
    fc.string({ maxLength: 60, unit: "binary" }),
  );
}
