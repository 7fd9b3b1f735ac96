import { StatementNotPlannableError } from "../../planner/planner-errors.ts";
import { DatabaseError } from "../engine/database-error.ts";
import type { Engine } from "../engine/engine.ts";
import { literalOrNull } from "../sql-text.ts";
import { isEmptyStatement, unplannableCommand } from "./statement-kind.ts";

interface Prepared {
  readonly name: string;
  readonly parameterTypeOids: readonly number[];
  isPrepared: boolean;
}

/** A prepared statement holds its parsed tree in the twin's memory; a workload has hundreds of texts, not tens of thousands. */
const CAPACITY = 500;

/** Turns statements into EXPLAIN commands; parses each text once. */
export class StatementCache {
  readonly #engine: Engine;
  /** Text -> statement, least recently used first. */
  readonly #statements = new Map<string, Prepared>();
  #nextName = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** OIDs of the parameters' types. @throws {StatementNotPlannableError} */
  async parameterTypeOids(text: string): Promise<readonly number[]> {
    return (await this.#describe(text)).parameterTypeOids;
  }

  /**
   * A command that prints the plan and runs nothing.
   *
   * @param options - the list in EXPLAIN's parentheses
   * @throws {StatementNotPlannableError}
   */
  async explainSql(
    text: string,
    parameters: "generic" | readonly (string | null)[],
    options: string,
  ): Promise<string> {
    const statement = await this.#describe(text);
    if (parameters === "generic" || statement.parameterTypeOids.length === 0) {
      const generic = parameters === "generic" ? "GENERIC_PLAN, " : "";
      if (parameters !== "generic" && parameters.length > 0) {
        throw new StatementNotPlannableError(
          `it has no parameters, but ${parameters.length} values came with it`,
        );
      }
      return `EXPLAIN (${generic}${options}) ${text}`;
    }
    if (parameters.length !== statement.parameterTypeOids.length) {
      throw new StatementNotPlannableError(
        `it has ${statement.parameterTypeOids.length} parameters, but ${parameters.length} values came with it`,
      );
    }
    if (!statement.isPrepared) {
      await this.#refusable(() => this.#engine.run(`PREPARE ${statement.name} AS ${text}`));
      statement.isPrepared = true;
    }
    return `EXPLAIN (${options}) EXECUTE ${statement.name}(${parameters.map(literalOrNull).join(", ")})`;
  }

  async #describe(text: string): Promise<Prepared> {
    const known = this.#statements.get(text);
    if (known !== undefined) {
      this.#statements.delete(text);
      this.#statements.set(text, known);
      return known;
    }
    if (text.includes("\0")) throw new StatementNotPlannableError("the text has a zero byte");
    if (isEmptyStatement(text)) {
      throw new StatementNotPlannableError("there is no statement in the text");
    }
    // Also proves that it is one statement: the text is later sent where several would be run.
    const parameterTypeOids = await this.#refusable(() => this.#engine.describe(text));
    const command = unplannableCommand(text);
    if (command !== null) {
      throw new StatementNotPlannableError(
        `${command} has no plan; only SELECT, INSERT, UPDATE, DELETE, MERGE and VALUES do`,
      );
    }
    const statement = {
      name: `upshift_${(this.#nextName += 1)}`,
      parameterTypeOids,
      isPrepared: false,
    };
    this.#statements.set(text, statement);
    await this.#evict();
    return statement;
  }

  async #evict(): Promise<void> {
    if (this.#statements.size <= CAPACITY) return;
    for (const [text, oldest] of this.#statements) {
      this.#statements.delete(text);
      if (oldest.isPrepared) await this.#engine.run(`DEALLOCATE ${oldest.name}`);
      return;
    }
  }

  async #refusable<Result>(call: () => Promise<Result>): Promise<Result> {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      throw new StatementNotPlannableError(error.safeMessage, error.sqlState);
    }
  }
}
