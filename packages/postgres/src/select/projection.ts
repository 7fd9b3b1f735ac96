import { catalogOf } from "../catalog/catalog.ts";
import type { Queryable, Row } from "../connection/queryable.ts";
import { runStatement } from "../connection/run-statement.ts";
import { withConnection } from "../connection/with-connection.ts";
import type { Sql } from "../sql/sql.ts";
import { type CheckedScope, checkTables } from "./check-tables.ts";
import { compileSelect, toUses } from "./compile-select.ts";
import { compileSelection } from "./compile-selection.ts";
import { leafPaths, type Scope } from "./field-node.ts";
import { pickedPaths, pickFields, type RequestedField } from "./pick-fields.ts";
import { createPreparedTexts } from "./prepared-texts.ts";
import type { ProjectionDefinition } from "./projection-definition.ts";
import { readDefinition } from "./read-definition.ts";
import type { AnyTables, Checked, PathOf, RowOf } from "./row-types.ts";
import { shaperOf } from "./shape-rows.ts";
import type { SortItem } from "./sort-keys.ts";

/** Fields that may be asked for, and the statements that give them. */
export interface Projection<T, D extends ProjectionDefinition> {
  /** Every single value that may be asked for, in the order of the definition. */
  readonly paths: readonly PathOf<D>[];
  /**
   * Names from outside, as paths or as the tree that `fields=id,author(name)` is parsed to, made fit for the calls below: each single value once, in the order of the definition. The
   * same set always gives the same list, so it can be part of a cache key.
   *
   * @throws {UnknownFieldError} naming every field that is not declared, or when there is none
   */
  allow(requested: readonly (string | RequestedField)[]): readonly PathOf<D>[];
  /**
   * The parts of a statement for these fields, to compose with others.
   *
   * @throws {UnknownFieldError}
   */
  pick<const P extends readonly PathOf<D>[]>(
    db: Queryable,
    fields: P,
    options?: PickOptions<D>,
  ): Promise<Selection<RowOf<T, D, P>>>;
  /**
   * One statement for these fields: as it stands for `streamRows` and `exportRows`, in brackets with a name as a `from`. Columns inside of an object are called by their
   * path, `"author.name"`.
   *
   * @throws {UnknownFieldError}
   */
  sql(db: Queryable, fields: readonly PathOf<D>[], options?: SelectOptions<D>): Promise<Sql>;
  /**
   * Rows with exactly these fields.
   *
   * @throws {UnknownFieldError}
   */
  select<const P extends readonly PathOf<D>[]>(
    db: Queryable,
    fields: P,
    options?: SelectOptions<D> & { readonly signal?: AbortSignal | undefined },
  ): Promise<RowOf<T, D, P>[]>;
}

/** What follows SELECT, FROM and WHERE, and what makes the rows that were asked for of those that come. */
export interface Selection<R> {
  readonly paths: readonly string[];
  readonly columns: Sql;
  readonly from: Sql;
  /** The condition of the definition. */
  readonly where: Sql | undefined;
  /** Makes objects and lists of a row's columns. */
  readonly shape: (row: Row) => R;
}

export interface PickOptions<D extends ProjectionDefinition> {
  /** Joins that `where` or `orderBy` use, besides those of the fields. */
  readonly uses?: readonly JoinName<D>[];
}

export interface SelectOptions<D extends ProjectionDefinition> extends PickOptions<D> {
  /** Tables and joins in it are called by their names in the definition. */
  readonly where?: Sql | undefined;
  /** Fields, which need not be among those that are asked for, or SQL. */
  readonly orderBy?: readonly SortItem<PathOf<D>>[] | Sql | undefined;
  /** Default is all rows. */
  readonly limit?: number | undefined;
}

type JoinName<D> = D extends { readonly joins: infer Joins } ? keyof Joins & string : string;

/**
 * Declares what may be asked of a table: each request then reads the columns it names, and joins a table only where a field of it is named.
 *
 * ```ts
 * const posts = projection<{ posts: Post; users: User }>()({
 *   table: "posts",
 *   fields: { id: "id", title: "title", author: { join: "author", fields: { name: "name" } } },
 *   joins: { author: { table: "users", on: { author_id: "id" } } },
 * });
 * const rows = await posts.select(db, ["id", "author.name"], { limit: 20 });
 * ```
 *
 * Joins find at most one row each, which the catalog must prove. Which rows come never depends on the fields: an inner join is left out only where a
 * foreign key proves that it changes nothing.
 *
 * The catalog is held against the definition at the first use with a database, and not again: restart after a migration that drops a key.
 *
 * @param T - row types by table name, for the types of rows; without them every value is `unknown`
 * @throws {InvalidArgumentError} at once when the definition cannot work; at the first use when a join could find several rows
 */
export function projection<const D extends ProjectionDefinition>(
  definition: D,
): Projection<AnyTables, D>;
export function projection<T extends object>(): <const D extends ProjectionDefinition>(
  definition: D & Checked<T, D>,
) => Projection<T, D>;
export function projection(
  definition?: ProjectionDefinition,
):
  | Projection<AnyTables, ProjectionDefinition>
  | ((definition: ProjectionDefinition) => Projection<AnyTables, ProjectionDefinition>) {
  return definition === undefined ? createProjection : createProjection(definition);
}

function createProjection(
  definition: ProjectionDefinition,
): Projection<AnyTables, ProjectionDefinition> {
  const scope = readDefinition(definition);
  const checkedFor = checkOnce(scope);
  const prepared = createPreparedTexts();
  return {
    paths: leafPaths(scope.fields),
    allow: (requested) => pickedPaths(pickFields(scope.fields, requested)),
    async pick(db, fields, options = {}) {
      const picked = pickFields(scope.fields, fields);
      const { columns, from, where, steps } = compileSelection(await checkedFor(db), picked, {
        uses: toUses(options.uses, scope),
      });
      return { paths: pickedPaths(picked), columns, from, where, shape: shaperOf(steps) };
    },
    async sql(db, fields, options = {}) {
      const picked = pickFields(scope.fields, fields);
      return compileSelect(await checkedFor(db), picked, options).statement;
    },
    async select(db, fields, options = {}) {
      const picked = pickFields(scope.fields, fields);
      const { statement, steps } = compileSelect(await checkedFor(db), picked, options);
      const compiled = statement.compile();
      const isPrepared = prepared.admits(compiled.text);
      const { signal } = options;
      const { rows } =
        signal === undefined
          ? await runStatement(db, { ...compiled, isPrepared })
          : await withConnection(db, (own) => own.run({ ...compiled, isPrepared }), { signal });
      return rows.map(shaperOf(steps));
    },
  };
}

/** Once for each database that it is used with. */
function checkOnce(scope: Scope): (db: Queryable) => Promise<CheckedScope> {
  const known = new WeakMap<object, Promise<CheckedScope>>();
  return (db) => {
    const catalog = catalogOf(db);
    const before = known.get(catalog.memory);
    if (before !== undefined) return before;
    const checked = checkTables(catalog, scope);
    known.set(catalog.memory, checked);
    // The table may exist, and the server answer, next time.
    checked.catch(() => known.delete(catalog.memory));
    return checked;
  };
}
