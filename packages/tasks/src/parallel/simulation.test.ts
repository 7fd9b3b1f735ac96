import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import type { TaskContext } from "@upshift/foundation";
import { createSimulatedClock } from "@upshift/foundation/testing";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { KeyedModel, type KeyedPlan, type WorkKind } from "../../test/keyed-model.ts";
import { parallel } from "./parallel.ts";
import { settle } from "./settle.ts";
import type { Task } from "./task.ts";

const STEPS = process.env["UPSHIFT_TEST_SCALE"] === "full" ? 100_000 : 10_000;
const SEED = 20_262;
/** At full scale, on a machine that is busy with the other tests. */
const TIMEOUT_MS = 300_000;

type Step =
  | { readonly kind: "finish"; readonly pick: number; readonly isOk: boolean }
  | { readonly kind: "advance"; readonly byMs: number }
  | { readonly kind: "abort" };

const plans: fc.Arbitrary<KeyedPlan> = fc.record({
  work: fc.array(
    fc.oneof(
      { weight: 8, arbitrary: fc.constant<WorkKind>("waits") },
      { weight: 3, arbitrary: fc.constant<WorkKind>("gives") },
      { weight: 1, arbitrary: fc.constantFrom<WorkKind>("throws", "aborts, then gives") },
    ),
    { maxLength: 10 },
  ),
  concurrency: fc.constantFrom(1, 2, 4, Number.POSITIVE_INFINITY),
  deadlineMs: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
  quorum: fc.nat(10),
  hasFallback: fc.array(fc.boolean(), { minLength: 10, maxLength: 10 }),
  form: fc.constantFrom("parallel" as const, "settle"),
});

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        kind: fc.constant("finish" as const),
        pick: fc.nat(20),
        isOk: fc.nat(5).map((chance) => chance > 0),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("advance" as const),
        byMs: fc.integer({ min: 1, max: 15 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("abort" as const) }) },
  ),
  { minLength: 5, maxLength: 30 },
);

test(
  `parallel and settle do what a plain model of them does, in ${STEPS} steps of any order`,
  async () => {
    let stepCount = 0;
    const property = fc.asyncProperty(plans, steps, async (drawn, script) => {
      const plan = { ...drawn, quorum: drawn.quorum % (drawn.work.length + 1) };
      const clock = createSimulatedClock();
      const abort = new AbortController();
      const model = new KeyedModel(plan);
      const started: number[] = [];
      const signals: AbortSignal[] = [];
      const waiting = new Map<number, (isOk: boolean) => void>();
      const task = (kind: WorkKind, index: number): Task<string> => {
        return ({ signal }: TaskContext) => {
          started.push(index);
          signals.push(signal);
          if (kind === "throws") throw new Error(`work ${index}`);
          if (kind === "aborts, then gives") abort.abort(new Error("abort"));
          if (kind !== "waits") return `value ${index}`;
          return new Promise((resolve, reject) => {
            waiting.set(index, (isOk) => {
              if (isOk) resolve(`value ${index}`);
              else reject(new Error(`work ${index}`));
            });
          });
        };
      };
      const tasks = Object.fromEntries(
        plan.work.map((kind, index) => [`task ${index}`, task(kind, index)]),
      );
      const { concurrency, deadlineMs, quorum } = plan;
      const options = { concurrency, deadline: deadlineMs, signal: abort.signal, clock };
      const fallback = Object.fromEntries(
        plan.work.flatMap((_, index) =>
          plan.hasFallback[index] === true ? [[`task ${index}`, `instead of ${index}`]] : [],
        ),
      );
      let ended: string | undefined;
      const calling: Promise<unknown> =
        plan.form === "parallel"
          ? parallel(tasks, options)
          : settle(tasks, { ...options, quorum, fallback }).then(({ outcomes }) => outcomes);
      calling.then(
        (result) => (ended = JSON.stringify(result, shown)),
        (error: unknown) => (ended = (error as Error).message),
      );
      model.begin();
      for (const step of [undefined, ...script]) {
        const picks = [...waiting.keys()];
        if (step?.kind === "finish" && picks.length > 0) {
          const index = picks[step.pick % picks.length] ?? 0;
          waiting.get(index)?.(step.isOk);
          waiting.delete(index);
          model.finish(index, step.isOk);
        } else if (step?.kind === "advance") {
          await clock.advance(step.byMs);
          model.advance(step.byMs);
        } else if (step?.kind === "abort") {
          abort.abort(new Error("abort"));
          model.stop("abort");
        }
        await turn();
        stepCount++;
        const isOver = model.ending !== undefined;
        assert.equal(ended, model.ending);
        assert.deepEqual(started, model.started);
        assert.deepEqual([...waiting.keys()], [...model.running]);
        assert.equal(clock.timerCount, isOver || deadlineMs === undefined ? 0 : 1);
        assert.equal(getEventListeners(abort.signal, "abort").length, isOver ? 0 : 1);
        for (const signal of signals) assert.equal(signal.aborted, model.isCalledOff);
      }
    });
    await fc.assert(property, { seed: SEED, numRuns: STEPS / 10 });
    expect(stepCount).toBeGreaterThanOrEqual(STEPS);
  },
  TIMEOUT_MS,
);

/** Errors by their messages. */
function shown(_key: string, value: unknown): unknown {
  return value instanceof Error ? value.message : value;
}
