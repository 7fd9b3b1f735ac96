import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { createSimulatedClock } from "@upshift/foundation/testing";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type AttemptKind, RetryModel, type RetryPlan } from "../../test/retry-model.ts";
import { retryInfo } from "./retry-info.ts";
import { retry } from "./retry.ts";

const STEPS = process.env["UPSHIFT_TEST_SCALE"] === "full" ? 100_000 : 10_000;
const SEED = 20_263;
/** At full scale, on a machine that is busy with the other tests. */
const TIMEOUT_MS = 300_000;

type Step =
  | { readonly kind: "finish"; readonly isOk: boolean }
  | { readonly kind: "advance"; readonly byMs: number }
  | { readonly kind: "abort" };

const plans: fc.Arbitrary<RetryPlan> = fc.record({
  work: fc.array(fc.constantFrom<AttemptKind>("waits", "waits", "throws"), {
    minLength: 40,
    maxLength: 40,
  }),
  attempts: fc.constantFrom(1, 2, 5, 20, Number.POSITIVE_INFINITY),
  baseMs: fc.integer({ min: 1, max: 10 }),
  maxMs: fc.integer({ min: 5, max: 60 }),
  factor: fc.constantFrom(1, 2, 3),
  draws: fc.array(fc.constantFrom(0.1, 0.25, 0.5, 0.75, 0.99), { maxLength: 6 }),
  hintsMs: fc.array(fc.option(fc.integer({ min: 1, max: 45 }), { nil: undefined }), {
    minLength: 40,
    maxLength: 40,
  }),
  maxHintMs: fc.constantFrom(40, 1_000),
  deadlineMs: fc.option(fc.integer({ min: 1, max: 400 }), { nil: undefined }),
});

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({
        kind: fc.constant("finish" as const),
        isOk: fc.nat(7).map((chance) => chance === 0),
      }),
    },
    {
      weight: 14,
      arbitrary: fc.record({
        kind: fc.constant("advance" as const),
        byMs: fc.integer({ min: 1, max: 40 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("abort" as const) }) },
  ),
  { minLength: 5, maxLength: 30 },
);

test(
  `retry does what a plain model of it does, in ${STEPS} steps of any order`,
  async () => {
    let stepCount = 0;
    const property = fc.asyncProperty(plans, steps, async (plan, script) => {
      const clock = createSimulatedClock();
      const abort = new AbortController();
      const model = new RetryModel(plan);
      const signals: AbortSignal[] = [];
      let attempts = 0;
      let drawCount = 0;
      let finish: ((isOk: boolean) => void) | undefined;
      let ended: string | undefined;
      const fail = (attempt: number): Error => {
        const retryAfterMs = plan.hintsMs[attempt - 1];
        const error = new Error(`attempt ${attempt}`);
        return retryAfterMs === undefined ? error : Object.assign(error, { retryAfterMs });
      };
      const calling = retry(
        ({ attempt, signal }) => {
          attempts = attempt;
          signals.push(signal);
          if (plan.work[attempt - 1] === "throws") throw fail(attempt);
          return new Promise<string>((resolve, reject) => {
            finish = (isOk) => (isOk ? resolve(`value ${attempt}`) : reject(fail(attempt)));
          });
        },
        {
          attempts: plan.attempts,
          backoff: { base: plan.baseMs, max: plan.maxMs, factor: plan.factor },
          jitter: plan.draws.length === 0 ? "none" : "full",
          random: () => plan.draws[drawCount++ % plan.draws.length] ?? 0,
          maxRetryAfter: plan.maxHintMs,
          deadline: plan.deadlineMs,
          signal: abort.signal,
          clock,
        },
      );
      calling.then(
        (value) => (ended = value),
        (error: unknown) => {
          const info = retryInfo(error);
          const text = info === undefined ? "undefined" : `${info.attempts} ${info.waitedMs}`;
          ended = `${(error as Error).message}, info ${text}`;
        },
      );
      model.begin();
      for (const step of [undefined, ...script]) {
        if (step?.kind === "finish") {
          const isInAttempt = model.wakesAtMs === undefined;
          if (isInAttempt) finish?.(step.isOk);
          model.finish(step.isOk);
        } else if (step?.kind === "advance") {
          await clock.advance(step.byMs);
          model.advance(step.byMs);
        } else if (step?.kind === "abort") {
          abort.abort(new Error("abort"));
          model.stop("abort, info undefined");
        }
        await turn();
        stepCount++;
        const isOver = model.ending !== undefined;
        assert.equal(ended, model.ending);
        assert.equal(attempts, model.attempt);
        const timers = [plan.deadlineMs, model.wakesAtMs].filter((atMs) => atMs !== undefined);
        assert.equal(clock.timerCount, isOver ? 0 : timers.length);
        assert.equal(getEventListeners(abort.signal, "abort").length, isOver ? 0 : 1);
        for (const signal of signals) assert.equal(signal.aborted, model.isCalledOff);
      }
    });
    await fc.assert(property, { seed: SEED, numRuns: STEPS / 10 });
    expect(stepCount).toBeGreaterThanOrEqual(STEPS);
  },
  TIMEOUT_MS,
);
