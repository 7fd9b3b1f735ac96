import { createSimulatedClock } from "@upshift/foundation/testing";
import { expect, test } from "vitest";
import { type Verdict, watchForHangs } from "./hang-watch.ts";
import type { PgClient } from "./pg-driver.ts";

interface FakeClient {
  readonly processID: number;
  readyForQuery: boolean;
  readonly connection: {
    readonly stream: {
      bytesRead: number;
      bytesWritten: number;
      destroyed: boolean;
      destroy(): void;
    };
  };
}

function setup(): {
  readonly clock: ReturnType<typeof createSimulatedClock>;
  readonly client: FakeClient;
  readonly watch: ReturnType<typeof watchForHangs>;
  readonly questions: (readonly number[])[];
  readonly hung: { readonly reason: unknown; readonly atMs: number }[];
  readonly answer: (verdict: Verdict) => void;
} {
  const clock = createSimulatedClock();
  const questions: (readonly number[])[] = [];
  const hung: { reason: unknown; atMs: number }[] = [];
  let verdict: Verdict = new Set<number>();
  const client: FakeClient = {
    processID: 7,
    readyForQuery: false,
    connection: {
      stream: { bytesRead: 0, bytesWritten: 10, destroyed: false, destroy: () => undefined },
    },
  };
  const watch = watchForHangs({
    server: "h:5432/d",
    hangTimeoutMs: 1_000,
    clock,
    async ask(processIds) {
      questions.push(processIds);
      return verdict;
    },
    onHung: (_, error) => hung.push({ reason: error.details["reason"], atMs: clock.now() }),
  });
  watch.add(client as unknown as PgClient);
  return { clock, client, watch, questions, hung, answer: (next) => (verdict = next) };
}

test("a server that does not answer twice in a row loses a busy and silent connection", async () => {
  const { clock, questions, hung, answer } = setup();
  answer("unreachable");
  await clock.advance(999);
  expect(questions).toEqual([]);
  await clock.advance(1);
  expect(questions).toEqual([[7]]);
  await clock.advance(250);
  expect(hung).toEqual([{ reason: "unreachable", atMs: 1_250 }]);
  expect(clock.timerCount).toBe(0);
});

test("one answer in between counts", async () => {
  const { clock, hung, answer } = setup();
  answer("unreachable");
  await clock.advance(1_000);
  answer(new Set([7]));
  await clock.advance(250);
  answer("unreachable");
  await clock.advance(250);
  expect(hung).toEqual([]);
});

test("a backend that works, and a pooler that cannot say, keep it for ever", async () => {
  const { clock, hung, answer } = setup();
  answer(new Set([7]));
  await clock.advance(60_000);
  answer("answers");
  await clock.advance(60_000);
  expect(hung).toEqual([]);
});

test("a backend that knows nothing of the statement loses it", async () => {
  const { clock, hung, answer } = setup();
  answer(new Set([8]));
  await clock.advance(1_250);
  expect(hung).toEqual([{ reason: "forgotten", atMs: 1_250 }]);
});

test("traffic and idleness begin the silence anew", async () => {
  const { clock, client, questions } = setup();
  for (let step = 0; step < 20; step += 1) {
    client.connection.stream.bytesRead += 1;
    await clock.advance(500);
  }
  client.readyForQuery = true;
  await clock.advance(10_000);
  expect(questions).toEqual([]);
  client.readyForQuery = false;
  client.connection.stream.bytesWritten += 1;
  await clock.advance(1_000);
  expect(questions).toEqual([]);
  await clock.advance(250);
  expect(questions).toEqual([[7]]);
});

test("it looks only while there is a connection", async () => {
  const { clock, client, watch } = setup();
  expect(clock.timerCount).toBe(1);
  watch.remove(client as unknown as PgClient);
  expect(clock.timerCount).toBe(0);
  watch.add(client as unknown as PgClient);
  expect(clock.timerCount).toBe(1);
});
