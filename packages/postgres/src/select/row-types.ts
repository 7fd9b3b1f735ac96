import type { Row } from "../connection/queryable.ts";
import type {
  ColumnField,
  ComputedField,
  FieldDefinitions,
  ListField,
  ObjectField,
  ProjectionDefinition,
} from "./projection-definition.ts";

/** Row types by table name, as Kysely and code generators write them: column -> what the driver gives. */
export interface AnyTables {
  readonly [table: string]: Readonly<Record<string, unknown>>;
}

/** What may be asked for: a field, an object or list as a whole, or a part of one after a dot. */
export type PathOf<D extends ProjectionDefinition> = string extends keyof D["fields"]
  ? string
  : FieldPath<D["fields"]>;

type FieldPath<F> = {
  [K in keyof F & string]: F[K] extends { readonly fields: infer G }
    ? K | `${K}.${FieldPath<G>}`
    : K;
}[keyof F & string];

/**
 * A row of these paths. Of a list that is only known when it runs, every field may be absent.
 *
 * @param P - the list of paths, a tuple where it is known
 */
export type RowOf<
  T,
  D extends ProjectionDefinition,
  P extends readonly string[],
> = string extends keyof D["fields"]
  ? Row
  : number extends P["length"]
    ? Sparse<Picked<T, D, D["fields"], PathOf<D>, undefined>>
    : Picked<T, D, D["fields"], P[number], undefined>;

type Sparse<V> = V extends readonly (infer E)[]
  ? readonly Sparse<E>[]
  : V extends Leaf
    ? V
    : V extends object
      ? { readonly [K in keyof V]?: Sparse<V[K]> }
      : V;

/** Objects that are one value. */
type Leaf = Date | Uint8Array | ((...values: never[]) => unknown);

type Picked<T, S, F, P extends string, Within> = Shown<{
  [K in keyof F & string as K extends Head<P> ? K : never]: Value<
    T,
    S,
    F[K],
    Below<P, K, F[K]>,
    Within
  >;
}>;

/** Shows an object type as itself where an editor prints it. */
type Shown<V> = { [K in keyof V]: V[K] };

type Head<P extends string> = P extends `${infer H}.${string}` ? H : P;

/** Paths inside of `K`; all plain fields of it where it is asked for as a whole. */
type Below<P extends string, K extends string, F> =
  | (P extends `${K}.${infer Rest}` ? Rest : never)
  | (K extends P ? (F extends { readonly fields: infer G } ? Plain<G> : never) : never);

type Plain<G> = {
  [K in keyof G & string]: G[K] extends { readonly fields: unknown } ? never : K;
}[keyof G & string];

/** @param S - the definition or list that the field stands in: it has the joins */
type Value<T, S, F, P extends string, Within> = F extends string
  ? Column<T, Within extends string ? JoinedTable<S, Within> : Base<S>, F>
  : F extends ComputedField<infer V>
    ? V
    : F extends ColumnField
      ? Column<T, JoinedTable<S, F["join"]>, F["column"]> | NullIfOptional<S, F["join"], Within>
      : F extends ListField
        ? AsJson<Picked<T, F, F["fields"], P, undefined>>[]
        : F extends ObjectField
          ? Picked<T, S, F["fields"], P, F["join"]> | NullIfOptional<S, F["join"], Within>
          : never;

type Base<S> = S extends { readonly many: infer M }
  ? M
  : S extends { readonly table: infer N }
    ? N
    : never;

type Join<S, J> = S extends { readonly joins: infer Joins } ? Joins[J & keyof Joins] : never;

type JoinedTable<S, J> = Join<S, J> extends { readonly table: infer N } ? N : never;

type Column<T, N, C> = N extends keyof T ? (C extends keyof T[N] ? T[N][C] : unknown) : unknown;

type NullIfOptional<S, J, Within> = IsOptional<S, J, Within> extends true ? null : never;

/** Whether a left join lies between here and the object that is certain to be there. */
type IsOptional<S, J, Within> = [J] extends [Within]
  ? false
  : Join<S, J> extends { readonly kind: "inner" }
    ? Join<S, J> extends { readonly from: infer Parent }
      ? IsOptional<S, Parent, Within>
      : false
    : true;

/** What is left of a value that came through JSON. */
type AsJson<V> = V extends Date | Uint8Array | bigint
  ? string
  : V extends readonly (infer E)[]
    ? AsJson<E>[]
    : V extends object
      ? { [K in keyof V]: AsJson<V[K]> }
      : V;

/** The definition with the names that its tables have wherever it names a column: what a wrong one does not match. */
export type Checked<T, D extends ProjectionDefinition> = {
  readonly fields: CheckedFields<T, D, D["fields"], undefined>;
};

type CheckedFields<T, S, F, Within> = {
  readonly [K in keyof F]: F[K] extends string
    ? ColumnName<T, Within extends string ? JoinedTable<S, Within> : Base<S>>
    : F[K] extends ComputedField
      ? F[K]
      : F[K] extends ColumnField
        ? {
            readonly join: JoinName<S>;
            readonly column: ColumnName<T, JoinedTable<S, F[K]["join"]>>;
          }
        : F[K] extends ListField
          ? { readonly fields: CheckedFields<T, F[K], F[K]["fields"], undefined> }
          : F[K] extends ObjectField
            ? {
                readonly join: JoinName<S>;
                readonly fields: CheckedFields<T, S, F[K]["fields"], F[K]["join"]>;
              }
            : FieldDefinitions[string];
};

type JoinName<S> = S extends { readonly joins: infer Joins } ? keyof Joins & string : never;

type ColumnName<T, N> = N extends keyof T ? keyof T[N] & string : string;
