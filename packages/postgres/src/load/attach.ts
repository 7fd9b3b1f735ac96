import { InvalidArgumentError } from "@upshift/foundation";
import { isPoolLike, type Queryable, type Row } from "../connection/queryable.ts";
import type { Abortable } from "../connection/with-connection.ts";
import { KeyNotUniqueError } from "./load-errors.ts";
import { keyWriter, type KeyTexts } from "./key-texts.ts";
import { readKeyed } from "./read-keyed.ts";
import type { Relation, Relations } from "./relation.ts";
import { type ResolvedRelation, resolveRelation } from "./resolve-relation.ts";

/** A row with its related rows. */
export type Attached<R extends object, Rs extends Relations> = Flat<
  Omit<R, keyof Rs> & {
    -readonly [Name in keyof Rs]: Rs[Name] extends Relation<infer Value> ? Value : never;
  }
>;

type Flat<T> = { [Name in keyof T]: T[Name] };

/**
 * Eager loading for plain SQL: to rows from anywhere, adds the rows that they refer to or that refer to them. One statement for each relation, however many rows; none
 * where there is nothing to ask for.
 *
 * Keys are compared by the server. A NULL key gives `null` or `[]`, as does one without rows. Rows that refer to the same row share its object.
 *
 * @returns copies of the rows in their order; the given rows stay as they are
 * @throws {RelationNotFoundError} when columns were left out that no foreign key says
 * @throws {KeyNotUniqueError} when a `belongsTo` finds several rows for one
 * @throws {InvalidArgumentError} when the rows lack a field of `from`
 * @throws `signal.reason` when aborted
 */
export async function attach<R extends object, const Rs extends Relations>(
  db: Queryable,
  rows: readonly R[],
  relations: Rs,
  options: Abortable = {},
): Promise<Attached<R, Rs>[]> {
  options.signal?.throwIfAborted();
  const names = Object.keys(relations);
  const read = (name: string): Promise<readonly unknown[]> => {
    const relation = relations[name];
    if (relation === undefined) throw new InvalidArgumentError("a relation", name);
    return relatedTo(db, rows, relation, options);
  };
  const related: (readonly unknown[])[] = [];
  // Statements of one connection wait for each other; those of a pool need not.
  if (isPoolLike(db)) related.push(...(await Promise.all(names.map(read))));
  else for (const name of names) related.push(await read(name));
  return rows.map((row, index) => withRelated<R, Rs>(row, names, related, index));
}

function withRelated<R extends object, Rs extends Relations>(
  row: R,
  names: readonly string[],
  related: readonly (readonly unknown[])[],
  index: number,
): Attached<R, Rs> {
  const values = names.map((name, at) => [name, related[at]?.[index]] as const);
  // The names are those of `Rs`, and each relation gives its value; TypeScript does not follow.
  // oxlint-disable-next-line typescript/no-explicit-any
  const attached: any = { ...row, ...Object.fromEntries(values) };
  return attached;
}

/** What the relation gives for each row. */
async function relatedTo(
  db: Queryable,
  rows: readonly object[],
  relation: Relation<unknown>,
  options: Abortable,
): Promise<readonly unknown[]> {
  if (rows.length === 0) return [];
  const resolved = await resolveRelation(db, relation);
  const { keys, places } = distinctKeys(rows, resolved);
  const found = await readKeyed(db, resolved.statement, keys, options);
  const whole = await attachInside(db, found, relation, options);
  return places.map((place) =>
    toValue(relation, resolved, place === undefined ? [] : (whole[place] ?? [])),
  );
}

function toValue(
  { kind }: Relation<unknown>,
  { table, keys }: ResolvedRelation,
  rows: readonly Row[],
): unknown {
  if (kind === "hasMany" || kind === "manyToMany") return [...rows];
  if (rows.length > 1) {
    throw new KeyNotUniqueError(
      table,
      keys.map(({ name }) => name),
    );
  }
  return rows[0] ?? null;
}

/** The keys of the rows, each once, and for each row which of them is its own; `undefined` where a part of it is NULL. */
function distinctKeys(
  rows: readonly object[],
  { from, keys: columns }: ResolvedRelation,
): { readonly keys: readonly KeyTexts[]; readonly places: readonly (number | undefined)[] } {
  const write = keyWriter(columns);
  const keys: KeyTexts[] = [];
  const known = new Map<string, number>();
  const places = rows.map((row) => {
    const texts = write(from.map((field) => fieldOf(row, field)));
    if (texts.includes(null)) return undefined;
    const identity = texts.length === 1 ? String(texts[0]) : JSON.stringify(texts);
    const place = known.get(identity) ?? keys.push(texts) - 1;
    known.set(identity, place);
    return place;
  });
  return { keys, places };
}

function fieldOf(row: object, field: string): unknown {
  if (!Object.hasOwn(row, field)) {
    throw new InvalidArgumentError(
      `rows with the field ${JSON.stringify(field)}, which the relation is by`,
      Object.keys(row),
    );
  }
  return Reflect.get(row, field);
}

/** The relations of the related rows: one statement each for the rows of all keys together. */
async function attachInside(
  db: Queryable,
  found: readonly (readonly Row[])[],
  { attach: inside }: Relation<unknown>,
  options: Abortable,
): Promise<readonly (readonly Row[])[]> {
  if (inside === undefined) return found;
  const whole = (await attach(db, found.flat(), inside, options)).values();
  return found.map((rows) => rows.map(() => whole.next().value ?? {}));
}
