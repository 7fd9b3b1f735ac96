import { Agent } from "node:http";
import express from "express";
import { afterAll, afterEach, expect, it } from "vitest";
import { requestFacts, send } from "../../src/adapters/express.ts";
import type { StartedServer } from "../conformance/conformance-suite.ts";
import { rawRequest, type RawAnswer } from "../conformance/raw-request.ts";
import { listen } from "../conformance/servers.ts";

const agent = new Agent({ keepAlive: true });
let server: StartedServer | undefined;

afterEach(async () => await server?.close());
afterAll(() => agent.destroy());

async function get(app: express.Express, path: string, method = "GET"): Promise<RawAnswer> {
  server = await listen(app);
  return rawRequest({ port: server.port, agent, method, path, headers: { "x-one": "1" } });
}

it("the facts of a request have the whole address, also in a mounted router", async () => {
  const router = express.Router();
  router.get("/item", (request, response) => {
    const facts = requestFacts(request);
    return send(response, [request.url, facts.method, facts.url, facts.header("x-one")]);
  });
  const app = express().use("/api", router);
  const { body } = await get(app, "/api/item?a=1");
  expect(JSON.parse(body.toString())).toEqual(["/item?a=1", "GET", "/api/item?a=1", "1"]);
});

it("status, type and cookies that Express was told are sent", async () => {
  const app = express().get("/", (_request, response) => {
    response.status(404).type("application/problem+json").cookie("a", "1");
    return send(response, { title: "Not found" });
  });
  const { status, fields } = await get(app, "/");
  expect(status).toBe(404);
  expect(fields).toMatchObject({
    "content-type": "application/problem+json",
    "set-cookie": "a=1; Path=/",
  });
});

it("HEAD of a route of GET is its head", async () => {
  const app = express().get("/", (_request, response) => send(response, { id: 1 }));
  const { status, fields, body } = await get(app, "/", "HEAD");
  expect([status, fields["content-length"], body.byteLength]).toEqual([200, "8", 0]);
});

it("a second response is refused, and the first one stands", async () => {
  let code: unknown;
  const app = express().get("/", (_request, response) => {
    void send(response, { id: 1 });
    try {
      void send(response, { id: 2 });
    } catch (error) {
      ({ code } = error as { code: unknown });
    }
  });
  expect((await get(app, "/")).body.toString()).toBe('{"id":1}');
  expect(code).toBe("UPSHIFT_HTTP_RESPONSE_STARTED");
});
