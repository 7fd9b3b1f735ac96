import type { RowCount } from "./count-rows.ts";
import type { ScopedCursors } from "./cursors/cursors.ts";
import type { FetchedPage } from "./fetch-page.ts";
import type { Position } from "./position.ts";

/** Some rows of a list, and the way on. */
export interface Page<R> {
  /** In the list's order, whichever way the page was asked for. */
  readonly rows: readonly R[];
  /** Going backward: whether the page was asked for by a cursor. The row of that cursor may be gone. */
  readonly hasNextPage: boolean;
  /** Going forward: whether the page was asked for by a cursor. */
  readonly hasPreviousPage: boolean;
  /** `after` of the next page; `undefined` when there is none. */
  readonly next: string | undefined;
  /** `before` of the previous page; `undefined` when there is none. */
  readonly prev: string | undefined;
  /** Of the first row, also where no page lies before it. `undefined` of an empty page. */
  readonly startCursor: string | undefined;
  /** Of the last row, also where no page follows: to ask later for what was added there. */
  readonly endCursor: string | undefined;
  /** When it was asked for. */
  readonly count: RowCount | undefined;
  /** Each row with its cursor, as GraphQL connections have them. */
  readonly edges: () => readonly PageEdge<R>[];
}

export interface PageEdge<R> {
  readonly node: R;
  readonly cursor: string;
}

export interface PageParts<R> {
  readonly fetched: FetchedPage<R>;
  readonly isBackward: boolean;
  /** Where the page was asked to begin, in the walk's direction. */
  readonly position: Position | undefined;
  readonly cursors: ScopedCursors;
  readonly count: RowCount | undefined;
}

/** @throws {CursorTooLargeError} */
export function toPage<R>({
  fetched,
  isBackward,
  position,
  cursors,
  count,
}: PageParts<R>): Page<R> {
  const { rows, positions, hasMore } = fetched;
  const cameFromSomewhere = position !== undefined;
  const hasNextPage = isBackward ? cameFromSomewhere : hasMore;
  const hasPreviousPage = isBackward ? hasMore : cameFromSomewhere;
  const cursorOf = (of: Position | undefined): string | undefined => of && cursors.encode(of);
  const startCursor = cursorOf(positions.at(0));
  const endCursor = cursorOf(positions.at(-1));
  // An empty page has no row to go on from, and whoever came here by a cursor still finds the way back.
  const cameFrom = rows.length === 0 ? cursorOf(position) : undefined;
  return {
    rows,
    hasNextPage,
    hasPreviousPage,
    next: hasNextPage ? (endCursor ?? cameFrom) : undefined,
    prev: hasPreviousPage ? (startCursor ?? cameFrom) : undefined,
    startCursor,
    endCursor,
    count,
    edges: () =>
      rows.flatMap((node, index) => {
        const of = positions[index];
        return of === undefined ? [] : [{ node, cursor: cursors.encode(of) }];
      }),
  };
}
