import type {
  IndexDefinition,
  IndexId,
  PlannableStatement,
  PlannedStatement,
  Planner,
  PlannerIndex,
} from "../planner/planner.ts";
import type { CandidateIndexes } from "./candidates/candidate-indexes.ts";
import type { Engine } from "./engine/engine.ts";
import type { StatementCache } from "./explain/statement-cache.ts";
import { planUnderVersionRule, type VersionRuleOptions } from "./explain/version-rule-planner.ts";
import type { Limitation } from "./limitation.ts";
import { SerialQueue } from "./serial-queue.ts";

/** A planner that holds the user's schema and statistics, and no rows. */
export interface Twin extends Planner {
  /** What could not be taken over; empty means that plans rest on everything the snapshot knew. */
  readonly limitations: readonly Limitation[];
  /**
   * What the statement's parameters are.
   *
   * @throws {StatementNotPlannableError}
   */
  describe(text: string): Promise<{
    /** `bigint`, `character varying[]`, … as `format_type` prints them; in the order of `$1`, `$2`, … */
    readonly parameterTypes: readonly string[];
  }>;
}

export interface EngineTwinOptions extends VersionRuleOptions {
  readonly engine: Engine;
  readonly candidates: CandidateIndexes;
  readonly statements: StatementCache;
  readonly limitations: readonly Limitation[];
  /** Removes what the twin has on disk; called once. */
  readonly cleanUp: () => Promise<void>;
}

/** The planner port over an engine that is filled. */
export class EngineTwin implements Twin {
  readonly limitations: readonly Limitation[];
  readonly #options: EngineTwinOptions;
  readonly #queue = new SerialQueue();
  #closing: Promise<void> | null = null;

  constructor(options: EngineTwinOptions) {
    this.#options = options;
    this.limitations = options.limitations;
  }

  indexes(): readonly PlannerIndex[] {
    const { registry, plainTwins } = this.#options;
    return [...registry.values()]
      .map(({ index }) => index)
      .filter((index) => !plainTwins.isTwin(index.id));
  }

  addIndexes(
    definitions: readonly IndexDefinition[],
  ): Promise<readonly (PlannerIndex | { readonly refused: string })[]> {
    return this.#queue.run(() => this.#options.candidates.add(definitions));
  }

  plan(statement: PlannableStatement, visible: ReadonlySet<IndexId>): Promise<PlannedStatement> {
    return this.#queue.run(async () => {
      const ruled = await planUnderVersionRule(this.#options, statement, visible);
      return {
        plan: ruled.plan,
        cost: ruled.plan.root.totalCost ?? 0,
        usedIndexes: ruled.used,
        refusedIndexes: ruled.refused,
      };
    });
  }

  describe(text: string): Promise<{ readonly parameterTypes: readonly string[] }> {
    return this.#queue.run(async () => {
      const oids = await this.#options.statements.parameterTypeOids(text);
      if (oids.length === 0) return { parameterTypes: [] };
      const rows = await this.#options.engine.run(
        `SELECT format_type(t.oid, NULL) AS name FROM unnest(ARRAY[${oids.join(",")}]::oid[]) WITH ORDINALITY t(oid, n) ORDER BY n`,
      );
      return { parameterTypes: rows.map((row) => String(row["name"])) };
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#queue.run(async () => {
      try {
        await this.#options.engine.close();
      } finally {
        await this.#options.cleanUp();
      }
    });
    return this.#closing;
  }
}
