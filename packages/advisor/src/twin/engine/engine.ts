import type { Extensions, PGlite, Results } from "@electric-sql/pglite";
import { TwinClosedError, TwinFailedError } from "../twin-errors.ts";
import { DatabaseError, isDatabaseError } from "./database-error.ts";

type Row = Readonly<Record<string, unknown>>;

/** PostgreSQL in WebAssembly on a data directory of its own: one session, superuser, no rows. */
export interface Engine {
  /** Several statements in one implicit transaction; the rows of the last one. @throws {DatabaseError} */
  run(sql: string): Promise<readonly Row[]>;
  /** Like `run`, for statements of which the last is an EXPLAIN in JSON; its text. @throws {DatabaseError} */
  explain(sql: string): Promise<string>;
  /** Types of the parameters of one statement, as OIDs. @throws {DatabaseError} also for more than one statement */
  describe(sql: string): Promise<readonly number[]>;
  close(): Promise<void>;
}

/**
 * `-O` allows the catalog updates that show and hide indexes; `-F` and one page of WAL cache: nothing here outlives the run.
 * Workers are zero because there is no process to start; the planner plans parallel scans all the same.
 */
const START_PARAMETERS = [
  "--single",
  "-F",
  "-O",
  "-j",
  "-c",
  "exit_on_error=false",
  "-c",
  "max_worker_processes=0",
  "-c",
  "io_method=sync",
  "-c",
  "log_checkpoints=false",
  "-c",
  "shared_buffers=16MB",
] as const;

const JSON_TYPE = 114;

/** JSON stays text: plans go to the plan parser, the rest is read by whoever asked. */
const PARSERS = { [JSON_TYPE]: (value: string) => value };

export interface OpenEngineOptions {
  readonly dataDirectory: string;
  readonly extensions: Extensions;
  /** Only when the directory is new. */
  readonly initdbParameters?: readonly string[];
}

/** @throws {TwinFailedError} when the planner does not start */
export async function openEngine(options: OpenEngineOptions): Promise<Engine> {
  try {
    const { PGlite } = await import("@electric-sql/pglite");
    const database = await PGlite.create({
      dataDir: options.dataDirectory,
      extensions: options.extensions,
      startParams: [...START_PARAMETERS],
      parsers: PARSERS,
      ...(options.initdbParameters === undefined
        ? {}
        : { initDbStartParams: [...options.initdbParameters] }),
    });
    return new PGliteEngine(database);
  } catch (error) {
    throw new TwinFailedError("starting", error);
  }
}

class PGliteEngine implements Engine {
  readonly #database: PGlite;
  #failure: TwinFailedError | null = null;
  #isClosed = false;

  constructor(database: PGlite) {
    this.#database = database;
  }

  async run(sql: string): Promise<readonly Row[]> {
    const results = await this.#guard("running a statement", () => this.#database.exec(sql));
    return lastRows(results);
  }

  async explain(sql: string): Promise<string> {
    return this.#guard("planning a statement", async () => {
      const [row] = lastRows(await this.#database.exec(sql));
      // PGlite swallows a trap of its WebAssembly and answers nothing, then and ever after; no EXPLAIN does.
      if (row === undefined) throw new Error("the instance answered nothing");
      return String(row["QUERY PLAN"]);
    });
  }

  async describe(sql: string): Promise<readonly number[]> {
    const described = await this.#guard("describing a statement", () =>
      this.#database.describeQuery(sql),
    );
    return described.queryParams.map((parameter) => parameter.dataTypeID);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // A crashed instance cannot shut down; its directory is thrown away all the same.
    if (this.#failure !== null) return;
    try {
      await this.#database.close();
    } catch (error) {
      throw new TwinFailedError("closing", error);
    }
  }

  /** PostgreSQL's own errors pass; anything else means that the instance is broken for good. */
  async #guard<Result>(activity: string, call: () => Promise<Result>): Promise<Result> {
    if (this.#isClosed) throw new TwinClosedError();
    if (this.#failure !== null) throw this.#failure;
    try {
      return await call();
    } catch (error) {
      if (isDatabaseError(error)) throw new DatabaseError(error);
      this.#failure = new TwinFailedError(activity, error);
      throw this.#failure;
    }
  }
}

function lastRows(results: readonly Results[]): readonly Row[] {
  return results.at(-1)?.rows ?? [];
}
