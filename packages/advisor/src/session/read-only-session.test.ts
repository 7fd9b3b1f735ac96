import { expect, test } from "vitest";
import type { Queryable } from "./queryable.ts";
import { openReadOnlySession, transactionPreamble } from "./read-only-session.ts";

class DatabaseError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Answers `SELECT n` with n, and fails a statement that names an error. */
function fakeDatabase(errors: Readonly<Record<string, Error>> = {}): {
  readonly queryable: Queryable;
  readonly sent: string[];
} {
  const sent: string[] = [];
  return {
    sent,
    queryable: {
      query: (text) => {
        sent.push(text);
        const error = errors[text];
        return error === undefined
          ? Promise.resolve({ rows: [{ row: JSON.stringify({ text }) }] })
          : Promise.reject(error);
      },
    },
  };
}

const opening = transactionPreamble();

test("sections share one read-only transaction, opened by the first", async () => {
  const { queryable, sent } = fakeDatabase();
  const session = openReadOnlySession(queryable);
  expect(sent).toEqual([]);
  const first = await session.section("one", (read) => read("SELECT 1"));
  await session.section("two", (read) => read("SELECT 2"));
  await session.close();
  expect(first).toEqual({ ok: true, value: [{ text: "SELECT 1" }] });
  expect(sent).toEqual([...opening, "SELECT 1", "SELECT 2", "ROLLBACK"]);
});

test("a section of its own transaction holds nothing of others, nor they of it", async () => {
  const { queryable, sent } = fakeDatabase();
  const session = openReadOnlySession(queryable);
  await session.section("one", (read) => read("SELECT 1"));
  await session.section("two", (read) => read("SELECT 2"), { ownTransaction: true });
  await session.section("three", (read) => read("SELECT 3"));
  await session.close();
  expect(sent).toEqual([
    ...opening,
    "SELECT 1",
    "COMMIT",
    ...opening,
    "SELECT 2",
    "COMMIT",
    ...opening,
    "SELECT 3",
    "ROLLBACK",
  ]);
});

test.each([
  ["42501", "permission"],
  ["57014", "timeout"],
  ["55P03", "lock"],
  ["42883", "other"],
])("SQLSTATE %s is a failure of kind %s, and later sections go on", async (code, kind) => {
  const { queryable, sent } = fakeDatabase({ "SELECT 1": new DatabaseError(code, "refused") });
  const session = openReadOnlySession(queryable);
  expect(await session.section("one", (read) => read("SELECT 1"))).toEqual({
    ok: false,
    failure: { kind, message: "refused", sqlState: code },
  });
  expect(await session.section("two", (read) => read("SELECT 2"))).toMatchObject({ ok: true });
  await session.close();
  expect(sent).toEqual([...opening, "SELECT 1", "ROLLBACK", ...opening, "SELECT 2", "ROLLBACK"]);
});

test.each([
  new DatabaseError("57P01", "terminating connection"),
  new DatabaseError("25P03", "idle in transaction"),
  new DatabaseError("EPIPE", "write EPIPE"),
  new DatabaseError("ECONNRESET", "read ECONNRESET"),
  new Error("Connection terminated unexpectedly"),
])("%s ends the session as a lost connection", async (cause) => {
  const { queryable } = fakeDatabase({ "SELECT 1": cause });
  const session = openReadOnlySession(queryable);
  await expect(session.section("one", (read) => read("SELECT 1"))).rejects.toMatchObject({
    code: "UPSHIFT_CONNECTION_LOST",
    cause,
  });
});

test("a fault of the program is thrown on and the transaction is rolled back", async () => {
  const { queryable, sent } = fakeDatabase();
  const session = openReadOnlySession(queryable);
  const fault = new TypeError("not a function");
  await expect(
    session.section("one", async (read) => {
      await read("SELECT 1");
      throw fault;
    }),
  ).rejects.toBe(fault);
  expect(sent.at(-1)).toBe("ROLLBACK");
});

test("an abort rejects with its reason while a statement hangs, and queues the rollback", async () => {
  const abort = new AbortController();
  const sent: string[] = [];
  const session = openReadOnlySession(
    {
      query: (text) => {
        sent.push(text);
        if (text !== "SELECT 1") return Promise.resolve({ rows: [] });
        queueMicrotask(() => abort.abort(new Error("stop")));
        return new Promise(() => undefined);
      },
    },
    { signal: abort.signal },
  );
  await expect(session.section("one", (read) => read("SELECT 1"))).rejects.toThrow("stop");
  expect(sent.at(-1)).toBe("ROLLBACK");
  await expect(session.section("two", (read) => read("SELECT 2"))).rejects.toThrow("stop");
  expect(sent).not.toContain("SELECT 2");
});

test("every statement is announced before it is sent", async () => {
  const announced: string[] = [];
  const { queryable, sent } = fakeDatabase();
  const session = openReadOnlySession(queryable, { onStatement: (text) => announced.push(text) });
  await session.section("one", (read) => read("SELECT 1"));
  await session.close();
  expect(announced).toEqual(sent);
});

test("a timeout can be made short but never switched off", () => {
  const statements = transactionPreamble({ statementTimeoutMs: 0, lockTimeoutMs: 0.2 });
  expect(statements).toContain("SET LOCAL statement_timeout = 1");
  expect(statements).toContain("SET LOCAL lock_timeout = 1");
});
