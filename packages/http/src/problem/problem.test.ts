import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { InvalidArgumentError } from "@upshift/foundation";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UnknownFieldsError } from "../fields/fields-errors.ts";
import { problem } from "./problem.ts";
import { problemOfError } from "./problem-of-error.ts";
import { sendProblem } from "./send-problem.ts";

describe("a problem document", () => {
  test("has its title from the status, and members of the program's own", () => {
    const { status, headers, body } = problem(
      { status: 404, type: "https://example.org/gone", instance: "/items/1", balance: 30 },
      { "retry-after": "5" },
    );
    expect(JSON.parse(Buffer.from(body as Uint8Array).toString())).toEqual({
      type: "https://example.org/gone",
      title: "Not Found",
      status: 404,
      instance: "/items/1",
      balance: 30,
    });
    expect({ status, headers }).toEqual({
      status: 404,
      headers: {
        "content-type": "application/problem+json",
        "content-length": "103",
        "cache-control": "no-store",
        "retry-after": "5",
      },
    });
  });

  test.each([200, 399, 600, 404.5, Number.NaN])("is none of status %s", (status) => {
    expect(() => problem({ status })).toThrow("`status` from 400 to 599");
  });

  test("takes the place of a body that was begun to be described", async () => {
    const server = createServer((_, response) => {
      response.setHeader("Content-Encoding", "gzip");
      response.setHeader("ETag", '"v1"');
      response.setHeader("Cache-Control", "public, max-age=60");
      response.setHeader("X-Kept", "yes");
      response.setHeader("Content-Disposition", 'attachment; filename="items.csv"');
      response.setHeader("Transfer-Encoding", "chunked");
      sendProblem(response, { status: 503 }, { "retry-after": "1" });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/`);
    expect(await response.json()).toEqual({ title: "Service Unavailable", status: 503 });
    const { headers } = response;
    expect([headers.get("etag"), headers.get("content-encoding")]).toEqual([null, null]);
    expect(headers.get("content-disposition")).toBeNull();
    expect([
      headers.get("cache-control"),
      headers.get("x-kept"),
      headers.get("retry-after"),
    ]).toEqual(["no-store", "yes", "1"]);
    const head = await fetch(`http://127.0.0.1:${port}/`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([503, ""]);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe("a problem that comes late", () => {
  let url = "";
  let server: Server;
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === "/half") response.write("[1,");
      else response.end("[1]");
      sendProblem(response, { status: 500 });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test("breaks off an answer that was begun", async () => {
    await expect(fetch(`${url}/half`).then((response) => response.text())).rejects.toThrow(
      /terminated|fetch failed/,
    );
  });

  test("breaks off one that only its connection would end", async () => {
    const { port } = server.address() as AddressInfo;
    const socket = connect(port, "127.0.0.1", () => socket.write("GET /half HTTP/1.0\r\n\r\n"));
    socket.resume();
    const ended = new Promise((resolve, reject) => {
      socket.on("end", resolve);
      socket.on("error", reject);
    });
    await expect(ended).rejects.toThrow("ECONNRESET");
  });

  test("leaves one alone that is whole", async () => {
    expect(await (await fetch(`${url}/whole`)).text()).toBe("[1]");
  });
});

describe("what a client is told of an error", () => {
  test.each([
    // Messages of databases and programs hold values, names and paths.
    [new Error("duplicate key (email)=(a@example.org)"), { status: 500 }],
    [Object.assign(new Error("x"), { status: 500, expose: true }), { status: 500 }],
    [Object.assign(new Error("secret"), { statusCode: 404 }), { status: 404 }],
    [Object.assign(new Error("secret"), { status: "404" }), { status: 500 }],
    [Object.assign(new Error("secret"), { status: 200 }), { status: 500 }],
    [
      Object.assign(new Error("no such item"), { status: 404, expose: true }),
      { status: 404, detail: "no such item" },
    ],
    [{ status: 400, message: "secret" }, { status: 400 }],
    [new InvalidArgumentError("a port", "x"), { status: 500 }],
    [{ problem: { status: 409, title: "Taken" } }, { status: 409, title: "Taken" }],
    [{ problem: { status: 200 } }, { status: 500 }],
    [undefined, { status: 500 }],
    ["text", { status: 500 }],
  ])("%s is %j", (error, expected) => {
    expect(problemOfError(error)).toEqual(expected);
  });

  test("an error of Upshift that is the client's says what and why", () => {
    expect(problemOfError(new UnknownFieldsError(["x"], ["id"]))).toEqual({
      status: 400,
      title: "Unknown fields",
      detail: 'Unknown field "x". Allowed are: id',
      code: "UPSHIFT_FIELDS_UNKNOWN",
      allowed: ["id"],
    });
  });
});
