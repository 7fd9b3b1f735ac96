import type { IndexDefinition } from "../../planner/planner.ts";
import type { ColumnCondition, TableOccurrence } from "../../workload/shape/query-shape.ts";
import type {
  CandidateGenerator,
  CandidateRequest,
  ProposedIndex,
} from "../candidate-generator.ts";
import { type FilterGroup, filterGroups, withoutConditions } from "./filter-group.ts";
import { canBeKey, distinctCount, patternClass, widthBytes } from "./key-column.ts";
import { type KeyList, keyLists } from "./key-lists.ts";
import { isPartialPredicate } from "./partial-predicate.ts";

/** Columns that an index can carry for index-only scans; wider ones make every other use of it dearer. */
const MOST_INCLUDED = 3;
const WIDEST_INCLUDED_BYTES = 48;

/** B-tree proposals: single and composite keys, sort orders, join keys, INCLUDE, and literal partial indexes. */
export const btreeGenerator: CandidateGenerator = {
  method: "btree",
  propose: (request) => {
    const usable = usableColumns(request);
    const groups = filterGroups(request.occurrence, usable).filter(
      (group, position) => position === 0 || group.equality.length + group.ranges.length > 0,
    );
    return [
      ...groups.flatMap((group) => fullIndexes(group, request, usable)),
      ...partialIndexes(request, usable),
    ];
  },
};

type IsUsable = (column: string) => boolean;

function usableColumns({ occurrence, schema }: CandidateRequest): IsUsable {
  const columns = new Set(
    occurrence.relation.columns
      .filter((column) => canBeKey(column, occurrence.relation, schema))
      .map(({ name }) => name),
  );
  return (column) => columns.has(column);
}

function fullIndexes(
  group: FilterGroup,
  request: CandidateRequest,
  isUsable: IsUsable,
): readonly ProposedIndex[] {
  if (isUniqueLookup(group, request)) return [];
  const filters = [...group.equality, ...group.lists, ...group.ranges.map(({ column }) => column)];
  return listsFor(group, request, isUsable).flatMap((list) => {
    const first = list.keys[0]?.column ?? "";
    const isEarlyStop =
      list.isOrderOnly &&
      filters.some((column) => column !== first) &&
      request.occurrence.orders.some(({ hasLimit }) => hasLimit);
    // With an equality at hand, (filter, order) is as fast and does not hope for early matches.
    if (isEarlyStop && group.equality.length > 0) return [];
    const options = { isEarlyStop, isPredicateOnly: false, predicate: null };
    const plain = toProposal(list, request, { ...options, include: [] });
    const include = includable(list, request);
    return include === null ? [plain] : [plain, toProposal(list, request, { ...options, include })];
  });
}

/** Indexes over the rows that every call of the statement wants, and no others. */
function partialIndexes(request: CandidateRequest, isUsable: IsUsable): readonly ProposedIndex[] {
  const { conditions, relation } = request.occurrence;
  const literals = conditions.filter((condition) =>
    isPartialPredicate(condition, relation, request.schema),
  );
  const sets = literals.length > 1 ? [literals, ...literals.map((one) => [one])] : [literals];
  return sets
    .filter((implied) => implied.length > 0)
    .flatMap((implied) => {
      const rest = withoutConditions(request.occurrence, implied, isUsable);
      const lists = listsFor(rest, request, isUsable);
      const predicate = implied.map(({ literal }) => literal).join(" AND ");
      const fallback = lists.length > 0 ? lists : impliedKeys(implied, isUsable);
      return fallback.map((list) =>
        toProposal(list, request, {
          isEarlyStop: false,
          isPredicateOnly: lists.length === 0,
          include: [],
          predicate,
        }),
      );
    });
}

/** Nothing else is asked of the rows: the condition's own column is as good a key as any. */
function impliedKeys(implied: readonly ColumnCondition[], isUsable: IsUsable): readonly KeyList[] {
  const column = implied.map((condition) => condition.column).find(isUsable);
  if (column === undefined) return [];
  const key = { column, direction: "asc", nulls: "last", isPrefix: false } as const;
  return [{ keys: [key], isOrderOnly: false }];
}

function listsFor(
  group: FilterGroup,
  { occurrence, schema, callsOn }: CandidateRequest,
  isUsable: IsUsable,
): readonly KeyList[] {
  const joins = [...new Set(occurrence.joins.map(({ column }) => column))].filter(isUsable);
  return keyLists({
    group,
    joins: joins.filter((column) => !group.equality.includes(column)),
    orders: occurrence.orders.filter(({ keys }) => keys.every(({ column }) => isUsable(column))),
    callsOn,
    distinctOf: (column) => distinctCount(column, occurrence.relation, schema),
  });
}

/** A unique index finds the one row already. */
function isUniqueLookup(group: FilterGroup, { occurrence, schema }: CandidateRequest): boolean {
  return schema
    .indexesOf(occurrence.relation)
    .some(
      (index) =>
        index.isUnique &&
        index.isValid &&
        index.predicate === null &&
        index.keys.every(({ column }) => column !== null && group.equality.includes(column)),
    );
}

/** The other columns that the statement reads, when they are few and narrow. */
function includable(list: KeyList, request: CandidateRequest): readonly string[] | null {
  const { relation, referencedColumns, isTarget }: TableOccurrence = request.occurrence;
  if (isTarget) return null;
  const keyed = new Set(list.keys.map(({ column }) => column));
  const rest = relation.columns.filter(
    ({ name, generated }) =>
      referencedColumns.has(name) && !keyed.has(name) && generated !== "virtual",
  );
  if (rest.length === 0 || rest.length > MOST_INCLUDED) return null;
  // A column that is updated would end HOT updates, and every index of the table would pay for this one.
  if (rest.some(({ name }) => request.isUpdated(name))) return null;
  // SELECT * of a narrow table: an index with all of it would be a second table.
  if (keyed.size + rest.length >= relation.columns.length) return null;
  const width = rest.reduce((sum, column) => sum + widthBytes(column, relation, request.schema), 0);
  return width > WIDEST_INCLUDED_BYTES ? null : rest.map(({ name }) => name);
}

function toProposal(
  list: KeyList,
  { occurrence, schema }: CandidateRequest,
  options: Pick<IndexDefinition, "include" | "predicate"> &
    Pick<ProposedIndex, "isEarlyStop" | "isPredicateOnly">,
): ProposedIndex {
  const { relation } = occurrence;
  let assumption: string | null = null;
  const keys = list.keys.map(({ column, direction, nulls, isPrefix }) => {
    const details = schema.column(relation, column);
    const opclass = isPrefix && details !== null ? patternClass(details, schema) : null;
    if (isPrefix && isByParameter(occurrence, column)) {
      assumption = `the patterns for ${column} start with text, not with % or _`;
    }
    return { expression: column, isColumn: true, direction, nulls, opclass };
  });
  return {
    definition: {
      schema: relation.schema,
      table: relation.name,
      method: "btree",
      keys,
      include: options.include,
      predicate: options.predicate,
    },
    isEarlyStop: options.isEarlyStop,
    isPredicateOnly: options.isPredicateOnly,
    assumption,
  };
}

function isByParameter(occurrence: TableOccurrence, column: string): boolean {
  return occurrence.conditions.some(
    (condition) => condition.column === column && condition.isAssumed,
  );
}
