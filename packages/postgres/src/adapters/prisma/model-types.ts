/** What Prisma's generated types say of a model, read off `this` of its methods. */
type TypesOf<M> = M extends { readonly [K: symbol]: { readonly types: infer T } } ? T : never;

/** The model's scalar fields, as `findMany` gives them. */
export type Scalars<M> =
  TypesOf<M> extends { readonly payload: { readonly scalars: infer S } }
    ? S
    : Readonly<Record<string, unknown>>;

/** The `where` of `findMany`; relations in it are refused when it runs. */
export type WhereOf<M> =
  TypesOf<M> extends { readonly operations: { readonly findMany: { readonly args: infer A } } }
    ? A extends { readonly where?: infer W }
      ? W
      : unknown
    : unknown;

/** What `createMany` takes for one row. */
export type DataOf<M> =
  TypesOf<M> extends { readonly operations: { readonly createMany: { readonly args: infer A } } }
    ? A extends { readonly data: infer D }
      ? Exclude<D, readonly unknown[]>
      : object
    : object;

export type FieldOf<M> = keyof Scalars<M> & string;

/** Scalar fields, `true` for those that rows are to have. */
export type SelectOf<M> = { readonly [K in FieldOf<M>]?: boolean };

/** Prisma's `orderBy` over scalar fields. */
export type OrderOf<M> = { readonly [K in FieldOf<M>]?: Sort };

type Sort = "asc" | "desc" | { readonly sort: "asc" | "desc"; readonly nulls?: "first" | "last" };

/** A row with the fields that were selected; all of them where nothing was. */
export type SelectedRow<M, S> =
  S extends Readonly<Record<string, unknown>>
    ? Shown<
        Pick<
          Scalars<M>,
          { [K in keyof S & keyof Scalars<M>]: S[K] extends true ? K : never }[keyof S &
            keyof Scalars<M>]
        >
      >
    : Shown<Scalars<M>>;

type Shown<V> = { [K in keyof V]: V[K] };
