import { AsyncResource } from "node:async_hooks";
import { abortable } from "../../connection/abortable.ts";
import { BatchSender } from "./batch-sender.ts";
import { StatsCounter } from "./coalesce-stats.ts";
import { parsePointQuery } from "./parse-point-query.ts";
import type { PointBatch, PointPlan } from "./point-plan.ts";
import type { RefusalReason } from "./point-query.ts";
import { type PointText, toPointText } from "./point-text.ts";
import { type Call, readCall, signalOf, textOf } from "./read-call.ts";
import { RecentMap } from "./recent-map.ts";

export interface CoalescerOptions {
  /** The pool's own `query`. */
  readonly send: (args: readonly unknown[]) => unknown;
  /** What keeps queries apart; `undefined` when nothing does. */
  readonly context: (() => unknown) | undefined;
  readonly isOptIn: boolean;
  readonly maxBatchSize: number;
  readonly canPrepare: () => boolean;
  /** Statements run in the order of their calls, as with a pool of one connection: nothing may pass a query that waits. */
  readonly isOrdered: boolean;
}

/** Texts whose reading is kept, also of those that are no point queries. */
const TEXTS_LIMIT = 2_000;
const READS_ONLY = /^\s*select\b/i;

/** Collects the point queries of one tick; those of one text, context and form are sent together. */
export class Coalescer {
  readonly stats: StatsCounter = new StatsCounter();
  readonly #options: CoalescerOptions;
  readonly #sender: BatchSender;
  readonly #texts = new RecentMap<string, PointText | RefusalReason>(TEXTS_LIMIT);
  readonly #open = new Set<PointBatch>();
  #isScheduled = false;

  constructor(options: CoalescerOptions) {
    this.#options = options;
    this.#sender = new BatchSender({
      send: options.send,
      stats: this.stats,
      hasContext: options.context !== undefined,
      canPrepare: options.canPrepare,
    });
  }

  query(args: readonly unknown[]): unknown {
    this.stats.queries += 1;
    const call = readCall(args);
    if (typeof call === "string") return this.#pass(args, call);
    if (call.wish === false || (this.#options.isOptIn && call.wish !== true)) {
      return this.#pass(args, "turned off");
    }
    const text = this.#read(call.text);
    if (typeof text === "string") return this.#pass(args, text);
    const plan = this.#planOf(text);
    if (plan.refusal !== undefined) return this.#pass(args, plan.refusal);
    if (call.values.length !== text.query.keys.length) return this.#pass(args, "values");
    return this.#wait(args, call, plan);
  }

  /** Sends what waits, before something that must not come before it. */
  flush(): void {
    this.#sender.release();
    this.#sendOpen();
    this.#sender.release();
  }

  #pass(args: readonly unknown[], reason: RefusalReason): unknown {
    this.stats.refuse(reason);
    const signal = signalOf(args);
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    if (this.#options.isOrdered || !READS_ONLY.test(textOf(args))) this.flush();
    this.stats.statements += 1;
    const result = this.#options.send(args);
    return signal === undefined ? result : abortable(Promise.resolve(result), signal);
  }

  #read(text: string): PointText | RefusalReason {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    const query = parsePointQuery(text);
    const read = typeof query === "string" ? query : toPointText(query);
    this.#texts.set(text, read);
    return read;
  }

  #planOf(text: PointText): PointPlan {
    const context = this.#options.context?.();
    const known = text.plans.get(context);
    if (known !== undefined) return known;
    const plan: PointPlan = {
      text,
      refusal: undefined,
      tableOid: text.tableOid,
      failureCount: 0,
      open: [],
    };
    text.plans.set(context, plan);
    return plan;
  }

  #wait(args: readonly unknown[], call: Call, plan: PointPlan): Promise<unknown> {
    const { signal, values } = call;
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    const batch = this.#batchFor(call, plan);
    const promise = new Promise<unknown>((resolve, reject) => {
      const scope = new AsyncResource("UpshiftPointQuery");
      batch.waiting.push({ args, values, scope, resolve, reject, isAbandoned: false });
    });
    const query = batch.waiting.at(-1);
    if (batch.waiting.length >= this.#options.maxBatchSize) {
      this.#close(batch);
      this.#sender.send(batch);
    }
    if (signal === undefined || query === undefined) return promise;
    return abortable(promise, signal, () => {
      query.isAbandoned = true;
    });
  }

  #batchFor({ name, isArrayMode }: Call, plan: PointPlan): PointBatch {
    for (const open of plan.open) {
      if (open.name === name && open.isArrayMode === isArrayMode) return open;
    }
    const batch = { plan, name, isArrayMode, waiting: [] };
    plan.open = [...plan.open, batch];
    this.#open.add(batch);
    this.#schedule();
    return batch;
  }

  #close(batch: PointBatch): void {
    batch.plan.open = batch.plan.open.filter((open) => open !== batch);
    this.#open.delete(batch);
  }

  /** After the promises that are settled now have called their callbacks, which may ask for more. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() =>
      process.nextTick(() => {
        this.#isScheduled = false;
        this.#sendOpen();
      }),
    );
  }

  #sendOpen(): void {
    for (const batch of this.#open) {
      this.#close(batch);
      this.#sender.send(batch);
    }
  }
}
