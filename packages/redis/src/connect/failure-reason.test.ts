import { expect, it } from "vitest";
import { failureReason, withoutEcho } from "./failure-reason.ts";

it("keeps the words and drops what was sent", () => {
  expect(withoutEcho("ERR unknown command 'FOO', with args beginning with: 'secret' 'x' ")).toBe(
    "ERR unknown command 'FOO'",
  );
  expect(withoutEcho("WRONGTYPE Operation against a key")).toBe(
    "WRONGTYPE Operation against a key",
  );
});

it("finds words for whatever is thrown", () => {
  expect(failureReason(undefined)).toBe("the connection was closed");
  expect(failureReason(new Error(""))).toBe("the connection was closed");
  expect(failureReason({ password: "secret" })).toBe("the connection was closed");
  const refused = new AggregateError([
    new Error("connect ECONNREFUSED ::1:6379"),
    new Error("other"),
  ]);
  expect(failureReason(refused)).toBe("connect ECONNREFUSED ::1:6379");
});
