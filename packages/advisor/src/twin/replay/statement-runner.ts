import { DatabaseError } from "../engine/database-error.ts";
import type { Engine } from "../engine/engine.ts";
import type { Limitation } from "../limitation.ts";

/** A statement of the replay, with poorer forms to fall back to. */
export interface ReplayStatement {
  /** What a person calls the thing: `public.orders`. */
  readonly object: string;
  /** Best first; each next one gives up something. */
  readonly forms: readonly string[];
}

/** Statements in one round trip; a failed batch is repeated one by one. */
const BATCH_SIZE = 40;

const DUPLICATE_OBJECT = "42710";

/** Runs what it can and writes down what it could not: one broken definition must not cost the rest of the schema. */
export class StatementRunner {
  readonly #engine: Engine;
  readonly #limitations: Limitation[];

  constructor(engine: Engine, limitations: Limitation[]) {
    this.#engine = engine;
    this.#limitations = limitations;
  }

  note(limitation: Limitation): void {
    this.#limitations.push(limitation);
  }

  async runAll(statements: readonly ReplayStatement[], signal?: AbortSignal): Promise<void> {
    for (let start = 0; start < statements.length; start += BATCH_SIZE) {
      signal?.throwIfAborted();
      const batch = statements.slice(start, start + BATCH_SIZE);
      if (
        (await this.#attempt(batch.map((statement) => statement.forms[0]).join(";\n"))) === null
      ) {
        continue;
      }
      for (const statement of batch) await this.run(statement);
    }
  }

  /** @returns false when no form of it runs; noted then */
  async run(statement: ReplayStatement): Promise<boolean> {
    const failure = await this.#tryForms(statement.forms);
    if (failure !== null) this.note({ object: statement.object, reason: failure });
    return failure === null;
  }

  /** For definitions that need each other in an unknown order: again and again until nothing more succeeds. */
  async runUntilStable(
    statements: readonly ReplayStatement[],
  ): Promise<readonly ReplayStatement[]> {
    let waiting = statements;
    for (;;) {
      const failed: ReplayStatement[] = [];
      for (const statement of waiting) {
        if ((await this.#tryForms(statement.forms)) !== null) failed.push(statement);
      }
      if (failed.length === 0 || failed.length === waiting.length) return failed;
      waiting = failed;
    }
  }

  async #tryForms(forms: readonly string[]): Promise<string | null> {
    let first: string | null = null;
    for (const form of forms) {
      const failure = await this.#attempt(form);
      if (failure === null) return null;
      first ??= failure;
    }
    return first;
  }

  async #attempt(sql: string): Promise<string | null> {
    try {
      await this.#engine.run(sql);
      return null;
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      // A constraint that came with the parent table is there already.
      return error.sqlState === DUPLICATE_OBJECT ? null : error.safeMessage;
    }
  }
}
