import { expect, test } from "vitest";
import { databaseUrl } from "./database-url.ts";
import { renderPostgresSettings } from "./postgres-settings.ts";
import { postgresUrl } from "./start-postgres.ts";

test("a setting replaces its default and is quoted as postgresql.conf wants it", () => {
  const text = renderPostgresSettings({ fsync: "on", search_path: `a'b\\c, "D"` });
  expect(text).toContain("\nfsync = 'on'\n");
  expect(text).not.toContain("fsync = 'off'");
  expect(text).toContain(`\nsearch_path = 'a''b\\\\c, "D"'\n`);
});

test("a name or a value that would add a line is refused", () => {
  expect(() => renderPostgresSettings({ "fsync = off\nport": "1" })).toThrow(/name of a setting/);
  expect(() => renderPostgresSettings({ port: "1\nfsync = on" })).toThrow(/in one line/);
});

test("a connection string survives capitals, spaces and symbols in each of its parts", () => {
  const parts = { port: 5433, database: "My Shop/2", user: "o'neil@x", password: "p:@/?#%" };
  const url = new URL(postgresUrl(parts));
  expect(decodeURIComponent(url.pathname.slice(1))).toBe(parts.database);
  expect(decodeURIComponent(url.username)).toBe(parts.user);
  expect(decodeURIComponent(url.password)).toBe(parts.password);
});

test("another user does not inherit the password", () => {
  const url = "postgresql://postgres:secret@127.0.0.1:5433/postgres";
  expect(databaseUrl(url, { database: "b", user: "reader" })).toBe(
    "postgresql://reader@127.0.0.1:5433/b",
  );
  expect(databaseUrl(url, { database: "b" })).toBe("postgresql://postgres:secret@127.0.0.1:5433/b");
});
