import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { cursorKey } from "./cursor-secret.ts";
import { cursors } from "./cursors.ts";

describe("secrets", () => {
  test.each([
    ["short", "hunter2"],
    ["one byte short", "kQ3v9ZpX7tLw2RbYc8NfHs5JmDgA4uE"],
    ["one letter", "a".repeat(64)],
    ["zeros", new Uint8Array(32)],
    ["a word again and again", "Tr0ub4dor&3!".repeat(5)],
    ["an alphabet", "abcdefghijklmnopqrstuvwxyz0123456789"],
    ["counting bytes", Uint8Array.from({ length: 64 }, (_, index) => index)],
    ["few letters", "passwordpasswordpasswordpasswors"],
    ["no text", 7],
    ["nothing", undefined],
  ])("%s: refused", (_, secret) => {
    const make = () => cursorKey(secret as string, "sign");
    expect(make).toThrow(expect.objectContaining({ code: "UPSHIFT_INVALID_ARGUMENT" }));
    expect(() => cursors({ secret: [randomBytes(32), secret as string] })).toThrow(
      /32 random bytes/,
    );
  });

  test("an empty list is refused", () => {
    expect(() => cursors({ secret: [] })).toThrow(/at least one secret/);
  });

  test("random ones are taken as bytes, hexadecimal and base64", () => {
    const keys = Array.from({ length: 400 }, () => randomBytes(32)).flatMap((bytes) => [
      cursorKey(bytes, "sign"),
      cursorKey(bytes.toString("base64"), "sign"),
      cursorKey(bytes.toString("hex").slice(32), "seal"),
    ]);
    expect(new Set(keys.map((key) => key.toString("hex"))).size).toBe(1200);
  });

  test("signing and sealing have keys of their own", () => {
    const secret = randomBytes(32);
    expect(cursorKey(secret, "sign")).not.toEqual(cursorKey(secret, "seal"));
  });
});
