import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  LimitedModel,
  type LimitedPlan,
  outcomeText,
  type WorkKind,
} from "../../test/limited-model.ts";
import { SimulatedSource } from "../../test/simulated-source.ts";
import { SimulatedWork } from "../../test/simulated-work.ts";
import { StreamModel } from "../../test/stream-model.ts";
import { mapLimit } from "./map-limit.ts";
import { mapLimitStream } from "./map-limit-stream.ts";

const STEPS = process.env["UPSHIFT_TEST_SCALE"] === "full" ? 100_000 : 10_000;
const SEED = 20_261;
/** At full scale, on a machine that is busy with the other tests. */
const TIMEOUT_MS = 300_000;

/** What may happen at any moment. `pick` says which of those that wait. */
type Step =
  | { readonly kind: "finish"; readonly pick: number; readonly isOk: boolean }
  | { readonly kind: "answer" | "abort" | "take" | "leave" };

const plans: fc.Arbitrary<LimitedPlan> = fc.record({
  work: fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constant<WorkKind>("waits") },
      { weight: 3, arbitrary: fc.constant<WorkKind>("gives") },
      { weight: 2, arbitrary: fc.constant<WorkKind>("waits as thenable") },
      { weight: 1, arbitrary: fc.constantFrom<WorkKind>("throws", "aborts, then gives") },
    ),
    { maxLength: 12 },
  ),
  concurrency: fc.constantFrom(1, 2, 3, 5, Number.POSITIVE_INFINITY),
  source: fc.constantFrom("at once", "later"),
  throwsAt: fc.option(fc.nat(12), { nil: undefined, freq: 5 }),
  isCollecting: fc.boolean(),
  maxAhead: fc.integer({ min: 1, max: 6 }),
});

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant("finish" as const),
        pick: fc.nat(20),
        isOk: fc.nat(9).map((chance) => chance > 0),
      }),
    },
    { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom("answer" as const, "take") }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("abort" as const, "leave") }) },
  ),
  { minLength: 5, maxLength: 40 },
);

/** One world: the real thing's surroundings, and the model beside it. */
class World {
  readonly abort = new AbortController();
  readonly source: SimulatedSource;
  readonly work: SimulatedWork;
  readonly model: LimitedModel;

  constructor(plan: LimitedPlan, model: LimitedModel) {
    this.source = new SimulatedSource(plan.work.length, plan.throwsAt);
    this.work = new SimulatedWork(plan.work, () => this.abort.abort(new Error("abort")));
    this.model = model;
  }

  /** Does what both the call and the model can be told. */
  apply(step: Step): void {
    const waiting = [...this.work.waiting.keys()];
    if (step.kind === "finish" && waiting.length > 0) {
      const index = waiting[step.pick % waiting.length] ?? 0;
      this.work.finish(index, step.isOk);
      this.model.finish(index, step.isOk);
    } else if (step.kind === "answer") {
      this.source.answer();
      this.model.answer();
    } else if (step.kind === "abort") {
      this.abort.abort(new Error("abort"));
      this.model.stop("abort");
    }
  }

  /** What can be seen from outside, beside the results. */
  seen(): string {
    const { source, work } = this;
    return JSON.stringify({
      started: work.started,
      pullCount: source.pullCount,
      returnCount: source.returnCount,
      running: [...work.waiting.keys()],
      aborted: [...work.signals].filter(([, signal]) => signal.aborted).map(([index]) => index),
      listenerCount: getEventListeners(this.abort.signal, "abort").length,
    });
  }

  predicted(): string {
    const { model, work } = this;
    const isStopped = model.ending !== undefined && model.ending !== "ended";
    return JSON.stringify({
      started: Array.from({ length: model.startedCount }, (_, index) => index),
      pullCount: model.pullCount,
      returnCount: model.isLeft ? 1 : 0,
      running: [...model.running],
      aborted: isStopped ? [...work.signals.keys()] : [],
      listenerCount: model.ending === undefined ? 1 : 0,
    });
  }
}

function shown(result: unknown): string {
  const collected = result as { ok: boolean; index: number };
  return typeof result === "string" ? result : `${collected.index} ${collected.ok}`;
}

test(
  `mapLimit does what a plain model of it does, in ${STEPS} steps of any order`,
  async () => {
    let stepCount = 0;
    const property = fc.asyncProperty(
      plans.map((plan) => ({ ...plan, maxAhead: Number.POSITIVE_INFINITY })),
      fc.boolean(),
      steps,
      async (plan, isByInput, script) => {
        const world = new World(plan, new LimitedModel(plan));
        let ended: string | readonly string[] | undefined;
        const options = {
          signal: world.abort.signal,
          order: isByInput ? "input" : "completion",
        } as const;
        const items = world.source.items(plan.source);
        const mapping: Promise<unknown[]> = plan.isCollecting
          ? mapLimit(items, plan.concurrency, world.work.task, { ...options, onError: "collect" })
          : mapLimit(items, plan.concurrency, world.work.task, options);
        mapping.then(
          (results) => (ended = results.map(shown)),
          (error: unknown) => (ended = (error as Error).message),
        );
        world.model.fill();
        for (const step of [undefined, ...script]) {
          if (step !== undefined) world.apply(step);
          await turn();
          stepCount++;
          // Not `expect`: its bookkeeping takes longer than the rest.
          assert.equal(world.seen(), world.predicted());
          const { ending, done } = world.model;
          const inOrder = isByInput ? done.toSorted((a, b) => a.index - b.index) : done;
          assert.deepEqual(
            ended,
            ending === "ended" ? inOrder.map((end) => outcomeText(end, plan.isCollecting)) : ending,
          );
        }
      },
    );
    await fc.assert(property, { seed: SEED, numRuns: STEPS / 10 });
    expect(stepCount).toBeGreaterThanOrEqual(STEPS);
  },
  TIMEOUT_MS,
);

test(
  `mapLimitStream does what a plain model of it does, in ${STEPS} steps of any order`,
  async () => {
    let stepCount = 0;
    const property = fc.asyncProperty(
      plans,
      fc.boolean(),
      steps,
      async (plan, isByInput, script) => {
        const model = new StreamModel(plan, isByInput);
        const world = new World(plan, model);
        const options = {
          signal: world.abort.signal,
          order: isByInput ? "input" : "completion",
          maxAhead: plan.maxAhead,
        } as const;
        const items = world.source.items(plan.source);
        const stream = plan.isCollecting
          ? mapLimitStream(items, plan.concurrency, world.work.task, {
              ...options,
              onError: "collect",
            })
          : mapLimitStream(items, plan.concurrency, world.work.task, options);
        const answers: string[] = [];
        const note = (asked: Promise<IteratorResult<unknown, undefined>>): unknown =>
          asked.then(
            ({ done, value }) => answers.push(done === true ? "end" : shown(value)),
            (error: unknown) => answers.push((error as Error).message),
          );
        let isStarted = false;
        for (const step of script) {
          if (step.kind === "take" || step.kind === "leave") {
            // An abort before the first `next()` is seen by it.
            if (!isStarted && world.abort.signal.aborted) model.stop("abort");
            isStarted = true;
            note(step.kind === "take" ? stream.next() : stream.return());
            if (step.kind === "take") model.take();
            else model.leave();
          } else if (isStarted) {
            world.apply(step);
            model.settle();
          } else {
            if (step.kind === "abort") world.abort.abort(new Error("abort"));
            continue;
          }
          await turn();
          stepCount++;
          assert.deepEqual(answers, model.answers);
          assert.equal(world.seen(), world.predicted());
        }
      },
    );
    await fc.assert(property, { seed: SEED, numRuns: STEPS / 5 });
    expect(stepCount).toBeGreaterThanOrEqual(STEPS);
  },
  TIMEOUT_MS,
);
