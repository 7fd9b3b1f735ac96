import type { Relation } from "../../snapshot/database-snapshot.ts";
import type {
  ColumnCondition,
  ColumnSource,
  JoinCondition,
  ParameterUse,
  QueryShape,
  StatementKind,
  TableOccurrence,
  WantedOrder,
} from "./query-shape.ts";

interface OccurrenceDraft {
  readonly relation: Relation;
  readonly setColumns: Set<string>;
  readonly conditions: ColumnCondition[];
  readonly alternatives: ColumnCondition[][];
  readonly joins: JoinCondition[];
  readonly orders: WantedOrder[];
  readonly referencedColumns: Set<string>;
  isTarget: boolean;
}

/** Where the extraction writes down what it finds; one per statement. */
export class ShapeBuilder {
  readonly #occurrences: OccurrenceDraft[] = [];
  readonly #parameters = new Map<string, ParameterUse>();
  readonly #unknownRelations = new Set<string>();

  addOccurrence(relation: Relation): number {
    this.#occurrences.push({
      relation,
      setColumns: new Set(),
      conditions: [],
      alternatives: [],
      joins: [],
      orders: [],
      referencedColumns: new Set(),
      isTarget: false,
    });
    return this.#occurrences.length - 1;
  }

  addUnknownRelation(name: string): void {
    this.#unknownRelations.add(name);
  }

  markTarget(occurrence: number): void {
    this.#draft(occurrence).isTarget = true;
  }

  addSetColumn(occurrence: number, column: string): void {
    this.#draft(occurrence).setColumns.add(column);
  }

  addReference(source: ColumnSource): void {
    this.#draft(source.occurrence).referencedColumns.add(source.column);
  }

  addCondition(occurrence: number, condition: ColumnCondition): void {
    this.#draft(occurrence).conditions.push(condition);
  }

  addAlternative(occurrence: number, conditions: readonly ColumnCondition[]): void {
    this.#draft(occurrence).alternatives.push([...conditions]);
  }

  addJoin(occurrence: number, join: JoinCondition): void {
    this.#draft(occurrence).joins.push(join);
  }

  addOrder(occurrence: number, order: WantedOrder): void {
    this.#draft(occurrence).orders.push(order);
  }

  /** The same use twice is one. */
  addParameter(use: ParameterUse): void {
    this.#parameters.set(JSON.stringify(use), use);
  }

  build(kind: StatementKind): QueryShape {
    return {
      kind,
      occurrences: this.#occurrences.map((draft, id): TableOccurrence => ({
        ...draft,
        id,
        setColumns: [...draft.setColumns],
      })),
      parameters: [...this.#parameters.values()],
      unknownRelations: [...this.#unknownRelations],
    };
  }

  #draft(occurrence: number): OccurrenceDraft {
    const draft = this.#occurrences[occurrence];
    if (draft === undefined) throw new RangeError(`no occurrence ${occurrence}`);
    return draft;
  }
}
