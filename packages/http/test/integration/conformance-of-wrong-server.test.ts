import { Agent } from "node:http";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CONFORMANCE_CASES, type StartedServer } from "../conformance/conformance-suite.ts";
import { runCase } from "../conformance/run-case.ts";
import { startWrongServer } from "../conformance/wrong-server.ts";

const agent = new Agent({ keepAlive: true });
let server: StartedServer | undefined;

beforeAll(async () => {
  server = await startWrongServer();
});

afterAll(async () => {
  agent.destroy();
  await server?.close();
});

it("the suite has at least 120 cases, each with a claim of its own", () => {
  const claims = new Set(CONFORMANCE_CASES.map(({ section, claim }) => `${section} ${claim}`));
  expect(claims.size).toBe(CONFORMANCE_CASES.length);
  expect(claims.size).toBeGreaterThanOrEqual(120);
});

it("a server written in a hurry fails in every part of the suite", async () => {
  const failed = new Set<string>();
  let count = 0;
  const port = server?.port ?? 0;
  for (const testCase of CONFORMANCE_CASES) {
    const faults = await runCase({ port, agent }, testCase);
    if (faults.length === 0) continue;
    failed.add(testCase.section);
    count += 1;
  }
  expect(count).toBeGreaterThan(120);
  expect(PARTS.filter((section) => !failed.has(section))).toEqual([]);
});

const PARTS: readonly string[] = [
  "9110 8.4",
  "9110 8.8.3.3",
  "9110 9.3.2",
  "9110 12.4.2",
  "9110 12.5.3",
  "9110 12.5.5",
  "9110 13.1.1",
  "9110 13.1.2",
  "9110 13.1.3",
  "9110 13.1.4",
  "9110 13.2.2",
  "9110 15.4.5",
  "9111 4.3.4",
  "9111 5.2.2.6",
  "9111 5.2.2.7",
];
