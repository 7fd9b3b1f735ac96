import { sqlFromNumbered } from "../sql/sql-from-numbered.ts";
import type { CompiledSql } from "../sql/sql.ts";
import type { PageFetch } from "./fetch-page.ts";
import { pageStatement } from "./page-statement.ts";
import type { ResolvedOrder } from "./resolve-order.ts";

/** The statement of all pages that differ in values only. */
export interface PageShape {
  readonly text: string;
  /** Columns of the result that were not asked for, beside the keys' text. */
  readonly hiddenNames: readonly string[];
  /** Is worth a prepared statement: it is one of few. Who finds that it cannot be prepared any more says so here. */
  isPrepared: boolean;
  /** For whoever tells of a statement once. */
  isExplained: boolean;
  /** Of the statement's parameters, for a page of this shape. */
  values(page: PageFetch): unknown[];
}

/** Keeps the first statements of one list: writing one costs more than running it. */
export interface PageShapes {
  /**
   * @returns `undefined` when no row can come
   * @throws {InvalidArgumentError} when a piece of SQL would swallow what is written after it
   */
  of(order: ResolvedOrder, page: PageFetch): PageShape | undefined;
}

/**
 * What a list with some filters, both directions and some page sizes has. Filters that are written anew for each request must pile up neither here nor, prepared,
 * on every connection.
 */
const MOST_SHAPES = 64;

export function createPageShapes(): PageShapes {
  const shapes = new Map<string, PageShape | undefined>();
  return {
    of(order, page) {
      const key = shapeKey(page);
      if (shapes.has(key)) return shapes.get(key);
      const isKept = shapes.size < MOST_SHAPES;
      const shape = writeShape(order, page, isKept);
      if (isKept) shapes.set(key, shape);
      return shape;
    },
  };
}

function shapeKey({ position, isBackward, size, where, selection }: PageFetch): string {
  const isNull = position?.map((value) => value === null);
  const names = selection.names !== undefined;
  return JSON.stringify([isBackward, size, isNull, where?.text, selection.compiled.text, names]);
}

/** Stands for a value where the statement is written. */
interface Slot {
  readonly of: "position" | "where" | "select";
  readonly index: number;
}

function writeShape(
  order: ResolvedOrder,
  { position, isBackward, size, where, selection }: PageFetch,
  isKept: boolean,
): PageShape | undefined {
  const slots = new Map<unknown, Slot>();
  const slot = (of: Slot["of"], index: number): Slot => {
    const made: Slot = { of, index };
    slots.set(made, made);
    return made;
  };
  const piece = (of: "where" | "select", { text, values }: CompiledSql) =>
    sqlFromNumbered(
      text,
      values.map((_, index) => slot(of, index)),
    );
  const statement = pageStatement(order, {
    position: position?.map((value, index) => (value === null ? null : slot("position", index))),
    isBackward,
    // One row more than the page tells whether there is a next one.
    limit: size + 1,
    where: where && piece("where", where),
    select: piece("select", selection.compiled),
    outputNames: selection.names,
  });
  if (statement === undefined) return undefined;
  const { text, values } = statement.sql.compile();
  return {
    text,
    hiddenNames: statement.hiddenNames,
    isPrepared: isKept,
    isExplained: false,
    values: (page) =>
      values.map((value) => {
        const place = slots.get(value);
        return place === undefined ? value : valueIn(page, place);
      }),
  };
}

function valueIn({ position, where, selection }: PageFetch, { of, index }: Slot): unknown {
  if (of === "position") return position?.[index];
  return of === "where" ? where?.values[index] : selection.compiled.values[index];
}
