import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseConninfo } from "./conninfo.ts";
import { parseConnectionUri } from "./connection-uri.ts";

// From the examples of the PostgreSQL manual (libpq, Connection URIs) and of its regression test libpq_uri.
test.each<[string, Record<string, string>]>([
  ["postgresql://", {}],
  ["postgresql://localhost", { host: "localhost" }],
  ["postgresql://localhost:5433", { host: "localhost", port: "5433" }],
  ["postgresql://localhost/mydb", { host: "localhost", dbname: "mydb" }],
  ["postgresql://user@localhost", { user: "user", host: "localhost" }],
  ["postgres://user:secret@localhost", { user: "user", password: "secret", host: "localhost" }],
  [
    "postgresql://other@localhost/otherdb?connect_timeout=10&application_name=myapp",
    {
      user: "other",
      host: "localhost",
      dbname: "otherdb",
      connect_timeout: "10",
      application_name: "myapp",
    },
  ],
  [
    "postgresql://host1:123,host2:456/somedb?target_session_attrs=any",
    { host: "host1,host2", port: "123,456", dbname: "somedb", target_session_attrs: "any" },
  ],
  ["postgresql://host1,host2:456/db", { host: "host1,host2", port: ",456", dbname: "db" }],
  [
    "postgresql:///mydb?host=localhost&port=5433",
    { dbname: "mydb", host: "localhost", port: "5433" },
  ],
  ["postgresql://[2001:db8::1234]/database", { host: "2001:db8::1234", dbname: "database" }],
  ["postgresql://[::1]:5433", { host: "::1", port: "5433" }],
  [
    "postgresql://%2Fvar%2Flib%2Fpostgresql/dbname",
    { host: "/var/lib/postgresql", dbname: "dbname" },
  ],
  ["postgres://uri-user@host/", { user: "uri-user", host: "host" }],
  ["postgres://@host", { host: "host" }],
  ["postgres://host:/", { host: "host" }],
  [
    "postgres://u:p%40ss%2Fw%3Ard@h/d",
    { user: "u", password: "p@ss/w:rd", host: "h", dbname: "d" },
  ],
  ["postgres://u:p?#:x@h/d", { user: "u", password: "p?#:x", host: "h", dbname: "d" }],
  ["postgres://h?user=a%20b", { host: "h", user: "a b" }],
])("%s", (uri, expected) => {
  expect(Object.fromEntries(parseConnectionUri(uri))).toEqual(expected);
});

test.each([
  "postgres://user:hunter2@x@host/db",
  "postgres://user:hunter2/x@host/db",
  "postgres://user:12/hunter2@host/db",
  "postgres://user:hunter2@1:2@host/db",
  "postgres://user:hunter2%zz@host/db",
  "postgres://user:hunter2%00@host/db",
  "postgres://user:hunter2@host:hunter2/db",
  "postgres://user:hunter2@[::1/db",
  "postgres://user:hunter2@[]/db",
  "postgres://user:hunter2@host/db?sslmode",
])("%s is refused without repeating the password", (uri) => {
  const parse = (): unknown => parseConnectionUri(uri);
  expect(parse).toThrow(/The connection URL cannot be used/);
  expect(parse).not.toThrow(/hunter2/);
});

test("any user, password, host and database come back from an encoded URI", () => {
  const part = fc.string({ unit: "grapheme", minLength: 1 }).filter((text) => !text.includes("\0"));
  fc.assert(
    fc.property(part, part, part, (user, password, dbname) => {
      const [u, p, d] = [user, password, dbname].map(encodeURIComponent);
      expect(Object.fromEntries(parseConnectionUri(`postgres://${u}:${p}@h/${d}`))).toEqual({
        user,
        password,
        host: "h",
        dbname,
      });
    }),
    { seed: 20_261_122 },
  );
});

test.each<[string, Record<string, string>]>([
  ["host=localhost port=5432 dbname=mydb", { host: "localhost", port: "5432", dbname: "mydb" }],
  ["host = a  dbname = 'my db' ", { host: "a", dbname: "my db" }],
  [
    String.raw`password='it\'s \\ here' user=a\ b`,
    { password: String.raw`it's \ here`, user: "a b" },
  ],
  ["password='' host=a", { password: "", host: "a" }],
])("key=value text %s", (text, expected) => {
  expect(Object.fromEntries(parseConninfo(text))).toEqual(expected);
});

test.each(["host=a hunter2", "host=a password='hunter2", "password=hunter2 =", "host=a'hunter2"])(
  "key=value text %s is refused without repeating it",
  (text) => {
    const parse = (): unknown => parseConninfo(text);
    expect(parse).toThrow(/key=value/);
    expect(parse).not.toThrow(/hunter2/);
  },
);
