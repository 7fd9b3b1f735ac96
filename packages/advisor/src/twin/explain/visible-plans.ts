import { type Plan, parsePlan } from "@upshift/plan";
import { StatementNotPlannableError } from "../../planner/planner-errors.ts";
import type { IndexId, PlannableStatement } from "../../planner/planner.ts";
import type { IndexRegistry, RegisteredIndex } from "../candidates/index-registry.ts";
import { DatabaseError } from "../engine/database-error.ts";
import type { Engine } from "../engine/engine.ts";
import type { StatementCache } from "./statement-cache.ts";

/** Every switch leaves a dead row in pg_index; this many are cheap to step over. */
const SWITCHES_PER_VACUUM = 2000;

/** A few kilobytes each. */
const PLANS_KEPT = 500;

/** Plans a statement while exactly the wanted indexes are shown. */
export class VisiblePlans {
  readonly #engine: Engine;
  readonly #registry: IndexRegistry;
  readonly #statements: StatementCache;
  /** By their text, least recently asked first. */
  readonly #readPlans = new Map<string, Plan>();
  #switches = 0;

  constructor(engine: Engine, registry: IndexRegistry, statements: StatementCache) {
    this.#engine = engine;
    this.#registry = registry;
    this.#statements = statements;
  }

  /**
   * Switches and explains in one round trip; a failure undoes the switch with it.
   *
   * @throws {StatementNotPlannableError}
   */
  async plan(
    statement: PlannableStatement,
    isVisible: (id: IndexId, index: RegisteredIndex) => boolean,
  ): Promise<Plan> {
    // The schema of an index is only printed with VERBOSE, which costs more to print and to read.
    const options = this.#registry.hasAmbiguousNames ? "VERBOSE, FORMAT JSON" : "FORMAT JSON";
    const explain = await this.#statements.explainSql(
      statement.text,
      statement.parameters,
      options,
    );
    const change = this.#registry.switchTo(isVisible);
    const update =
      change.oids.length === 0
        ? ""
        : `UPDATE pg_catalog.pg_index SET indisvalid = NOT indisvalid WHERE indexrelid IN (${change.oids.join(",")});\n`;
    const text = await this.#explain(update + explain);
    change.commit();
    this.#switches += change.oids.length;
    if (this.#switches > SWITCHES_PER_VACUUM) {
      this.#switches = 0;
      await this.#engine.run("VACUUM pg_catalog.pg_index");
    }
    return this.#read(this.#registry.nameOriginals(text));
  }

  /** Most switches leave a plan as it was: the same text is the same plan. */
  #read(text: string): Plan {
    const plan = this.#readPlans.get(text) ?? parsePlan(text);
    this.#readPlans.delete(text);
    this.#readPlans.set(text, plan);
    const [oldest] = this.#readPlans.keys();
    if (this.#readPlans.size > PLANS_KEPT && oldest !== undefined) this.#readPlans.delete(oldest);
    return plan;
  }

  async #explain(sql: string): Promise<string> {
    try {
      return await this.#engine.explain(sql);
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      throw new StatementNotPlannableError(error.safeMessage, error.sqlState);
    }
  }
}
