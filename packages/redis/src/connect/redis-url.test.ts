import { expect, it } from "vitest";
import { parseRedisUrl } from "./redis-url.ts";

it("reads host, port, user, password and database, each as it was meant", () => {
  expect(parseRedisUrl("redis://localhost")).toEqual({
    host: "localhost",
    port: 6379,
    database: 0,
  });
  expect(parseRedisUrl("redis://us%40er:p%2Fw%3A@db.example:6380/3")).toEqual({
    host: "db.example",
    port: 6380,
    username: "us@er",
    password: "p/w:",
    database: 3,
  });
  expect(parseRedisUrl("redis://:secret@[::1]:7000?db=2")).toEqual({
    host: "::1",
    port: 7000,
    password: "secret",
    database: 2,
  });
  expect(parseRedisUrl("rediss://localhost:6380")).toMatchObject({ tls: {}, port: 6380 });
  expect(parseRedisUrl("unix:///var/run/re%20dis.sock?db=1")).toMatchObject({
    path: "/var/run/re dis.sock",
    database: 1,
  });
});

it.each(["localhost:6379", "http://localhost", "", "redis://host/x", "redis://:secret@:port"])(
  "refuses %s without repeating what may be a secret",
  (url) => {
    let message = "";
    try {
      parseRedisUrl(url);
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain("InvalidArgumentError");
    expect(message).not.toContain("secret");
  },
);
