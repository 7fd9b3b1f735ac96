import { createHash } from "node:crypto";
import { takeApart } from "./batch-result.ts";
import type { StatsCounter } from "./coalesce-stats.ts";
import { hadNoConnection, mayBeOutOfDate, wasRefused } from "./failures.ts";
import type { PointBatch, PointPlan, WaitingQuery } from "./point-plan.ts";
import type { RefusalReason } from "./point-query.ts";
import {
  readRelationFacts,
  refusedFor,
  RELATION_FACTS_SQL,
  relationText,
} from "./relation-facts.ts";

export interface BatchSenderOptions {
  /** The pool's own `query`. */
  readonly send: (args: readonly unknown[]) => unknown;
  readonly stats: StatsCounter;
  readonly hasContext: boolean;
  readonly canPrepare: () => boolean;
}

/** Statements that are prepared on each connection, which keeps them until it is closed. */
const PREPARED_LIMIT = 256;
/** Batches of one text in a row that may be refused though none of their queries is. */
const FAILURES_LIMIT = 3;

/** Sends what was collected, as one statement where that gives each caller what it would have got alone. */
export class BatchSender {
  readonly #options: BatchSenderOptions;
  readonly #stats: StatsCounter;
  /** Wait for the catalog's answer. */
  readonly #held = new Set<PointBatch>();
  /** Questions to the catalog that are on their way. */
  readonly #reading = new Map<PointPlan, Promise<void>>();
  #preparedCount = 0;
  /** Counts what was forgotten, so that no name comes again. */
  #generation = 0;

  constructor(options: BatchSenderOptions) {
    this.#options = options;
    this.#stats = options.stats;
  }

  send(batch: PointBatch): void {
    const waiting = batch.waiting.filter(({ isAbandoned }) => !isAbandoned);
    const [first] = waiting;
    if (first === undefined) return;
    const { refusal, tableOid } = batch.plan;
    if (refusal !== undefined) {
      this.#refuse(waiting, refusal);
    } else if (waiting.length === 1) {
      this.#stats.alone += 1;
      void this.#sendAlone(first);
    } else if (tableOid === undefined) {
      this.#held.add(batch);
      void this.#sendOnceAsked(batch, first);
    } else {
      void this.#sendTogether(batch, waiting, first, tableOid);
    }
  }

  async #sendOnceAsked(batch: PointBatch, first: WaitingQuery): Promise<void> {
    await this.#askCatalog(batch.plan, first);
    if (this.#held.delete(batch)) this.send(batch);
  }

  /** What waits for the catalog is sent now, one by one: something else is about to be sent that must not come before it. */
  release(): void {
    for (const batch of this.#held) {
      for (const query of batch.waiting) {
        if (query.isAbandoned) continue;
        this.#stats.alone += 1;
        void this.#sendAlone(query);
      }
    }
    this.#held.clear();
  }

  /** Settles always. Without an answer the plan stays as it is and its queries are sent alone. */
  #askCatalog(plan: PointPlan, { scope }: WaitingQuery): Promise<void> {
    const asked = this.#reading.get(plan);
    if (asked !== undefined) return asked;
    const { query } = plan.text;
    const ask = async (): Promise<void> => {
      try {
        this.#stats.catalogReads += 1;
        const answer = await this.#call([RELATION_FACTS_SQL, [relationText(query)]]);
        const facts = readRelationFacts(answer);
        plan.tableOid = facts?.oid;
        plan.refusal = refusedFor(query, facts, this.#options.hasContext);
        if (plan.refusal === undefined) plan.text.tableOid = plan.tableOid;
      } catch {
        this.#releaseOf(plan);
      } finally {
        this.#reading.delete(plan);
      }
    };
    const reading = scope.runInAsyncScope(ask);
    this.#reading.set(plan, reading);
    return reading;
  }

  #releaseOf(plan: PointPlan): void {
    for (const batch of this.#held) {
      if (batch.plan !== plan) continue;
      this.#held.delete(batch);
      for (const query of batch.waiting) {
        if (!query.isAbandoned) void this.#sendAlone(query);
      }
    }
  }

  async #sendTogether(
    batch: PointBatch,
    waiting: readonly WaitingQuery[],
    { scope }: WaitingQuery,
    tableOid: number,
  ): Promise<void> {
    const { plan, isArrayMode } = batch;
    const { query, batchText } = plan.text;
    this.#stats.batches += 1;
    const name = this.#statementName(plan, tableOid);
    const config = {
      text: batchText,
      values: query.keys.map((_, index) => waiting.map(({ values }) => values[index])),
      rowMode: "array",
      ...(name === undefined ? {} : { name }),
    };
    try {
      const result = await scope.runInAsyncScope(() => this.#call([config]));
      const results = takeApart(result, {
        count: waiting.length,
        tableOid,
        isArrayMode,
        maxRows: query.hasLimit ? 1 : Number.POSITIVE_INFINITY,
      });
      if (typeof results === "string") {
        if (results === "driver") plan.refusal = "driver";
        else plan.tableOid = undefined;
        await this.#sendAgain(waiting);
        return;
      }
      this.#stats.coalesced += waiting.length;
      plan.failureCount = 0;
      for (const [index, { resolve }] of waiting.entries()) resolve(results[index]);
    } catch (error) {
      if (hadNoConnection(error)) {
        for (const { reject } of waiting) reject(error);
        return;
      }
      if (mayBeOutOfDate(error)) this.#forget(plan, tableOid);
      const failedCount = await this.#sendAgain(waiting);
      if (failedCount > 0 || !wasRefused(error)) return;
      plan.failureCount += 1;
      if (plan.failureCount >= FAILURES_LIMIT) plan.refusal = "failed";
    }
  }

  /** The name to prepare the batch under. The first batch has none: many texts that an application makes up come once. */
  #statementName({ text }: PointPlan, tableOid: number): string | undefined {
    const prepared = text.prepared.get(tableOid) ?? { count: 0, name: undefined };
    text.prepared.set(tableOid, prepared);
    prepared.count += 1;
    if (!this.#options.canPrepare()) return undefined;
    if (prepared.name !== undefined) return prepared.name;
    if (prepared.count === 1 || this.#preparedCount >= PREPARED_LIMIT) return undefined;
    this.#preparedCount += 1;
    // Below the 63 bytes of a PostgreSQL name; pg refuses one name for two texts.
    const digest = createHash("sha256")
      .update(`${tableOid} ${this.#generation} ${text.batchText}`)
      .digest("base64url");
    prepared.name = `upshift_${digest.slice(0, 32)}`;
    return prepared.name;
  }

  /** The table is not what it was: the catalog is asked again, and what was prepared is not used any more, for a connection keeps it as it is. */
  #forget(plan: PointPlan, tableOid: number): void {
    plan.tableOid = undefined;
    plan.text.tableOid = undefined;
    plan.text.prepared.delete(tableOid);
    this.#generation += 1;
  }

  /** @returns how many failed by themselves */
  async #sendAgain(waiting: readonly WaitingQuery[]): Promise<number> {
    const wanted = waiting.filter(({ isAbandoned }) => !isAbandoned);
    this.#stats.rerun += wanted.length;
    const outcomes = await Promise.allSettled(wanted.map((query) => this.#sendAlone(query)));
    return outcomes.filter(({ status }) => status === "rejected").length;
  }

  #refuse(waiting: readonly WaitingQuery[], reason: RefusalReason): void {
    for (const query of waiting) {
      this.#stats.refuse(reason);
      void this.#sendAlone(query);
    }
  }

  /** @returns what the caller gets, too */
  #sendAlone({ args, values, scope, resolve }: WaitingQuery): Promise<unknown> {
    const result = scope.runInAsyncScope(() => this.#call(withValues(args, values)));
    resolve(result);
    return result;
  }

  async #call(args: readonly unknown[]): Promise<unknown> {
    this.#stats.statements += 1;
    return this.#options.send(args);
  }
}

/** The call as it was, with the values that it had then. */
function withValues(args: readonly unknown[], values: readonly unknown[]): readonly unknown[] {
  const [first] = args;
  return typeof first === "object" ? [{ ...first, values: [...values] }] : [first, [...values]];
}
