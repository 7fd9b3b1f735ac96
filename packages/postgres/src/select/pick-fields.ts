import { type FieldMap, type FieldNode, fieldsInside, leafPaths } from "./field-node.ts";
import { UnknownFieldError } from "./select-errors.ts";

/** A field as `fields=id,author(name)` is parsed: a name, and what is asked for inside of it. */
export interface RequestedField {
  readonly name: string;
  /** Absent for an object or list as a whole: all single values in it. */
  readonly fields?: readonly RequestedField[] | undefined;
}

/** A field of a row that is to be made, with those inside of it. */
export interface PickedField {
  readonly node: FieldNode;
  readonly fields: readonly PickedField[];
}

/**
 * What was asked for, each field once and in the order of the definition, so that one set of fields is one statement.
 *
 * @param requested - paths with dots, or names as a tree
 * @throws {UnknownFieldError} naming every field that is not declared, or when there is none
 */
export function pickFields(
  fields: FieldMap,
  requested: readonly (string | RequestedField)[],
): readonly PickedField[] {
  const unknown: string[] = [];
  const wish: Wish = { isWhole: false, parts: new Map() };
  for (const item of requested) {
    if (typeof item === "string") wishForPath(item, fields, wish, unknown);
    else wishForTree(item, fields, wish, unknown);
  }
  if (unknown.length > 0 || requested.length === 0) {
    throw new UnknownFieldError(unknown, leafPaths(fields));
  }
  return picked(fields, wish);
}

/** The paths of the single values among them. */
export function pickedPaths(fields: readonly PickedField[]): readonly string[] {
  return fields.flatMap(({ node, fields: inside }) =>
    fieldsInside(node) === undefined ? [node.path] : pickedPaths(inside),
  );
}

interface Wish {
  isWhole: boolean;
  readonly parts: Map<string, Wish>;
}

/** Goes no deeper than the definition does, however long the path. */
function wishForPath(path: string, fields: FieldMap, wish: Wish, unknown: string[]): void {
  let [place, rest, inside]: [Wish, string, FieldMap | undefined] = [wish, path, fields];
  for (;;) {
    const dot = rest.indexOf(".");
    const name = dot < 0 ? rest : rest.slice(0, dot);
    const node = inside?.get(name);
    if (node === undefined) {
      unknown.push(path);
      return;
    }
    place = part(place, name);
    inside = fieldsInside(node);
    if (dot < 0) {
      if (!wishForWhole(node, place)) unknown.push(path);
      return;
    }
    rest = rest.slice(dot + 1);
  }
}

function wishForTree(
  item: RequestedField,
  fields: FieldMap,
  wish: Wish,
  unknown: string[],
  prefix = "",
): void {
  const { name, fields: requested } = item;
  const node = fields.get(name);
  if (node === undefined) {
    unknown.push(`${prefix}${name}`);
    return;
  }
  const place = part(wish, name);
  if (requested === undefined) {
    if (!wishForWhole(node, place)) unknown.push(node.path);
    return;
  }
  const inside = fieldsInside(node);
  if (inside === undefined || requested.length === 0) {
    unknown.push(`${node.path}()`);
    return;
  }
  for (const child of requested) wishForTree(child, inside, place, unknown, `${node.path}.`);
}

function part(wish: Wish, name: string): Wish {
  const known = wish.parts.get(name);
  if (known !== undefined) return known;
  const created: Wish = { isWhole: false, parts: new Map() };
  wish.parts.set(name, created);
  return created;
}

/** @returns false for an object or list that has no single values, of which something must be named */
function wishForWhole(node: FieldNode, wish: Wish): boolean {
  wish.isWhole = true;
  const inside = fieldsInside(node);
  return inside === undefined || [...inside.values()].some(isSingle);
}

function picked(fields: FieldMap, { isWhole, parts }: Wish): readonly PickedField[] {
  return [...fields.values()].flatMap((node) => {
    const wish = parts.get(node.name) ?? (isWhole && isSingle(node) ? WHOLE : undefined);
    if (wish === undefined) return [];
    const inside = fieldsInside(node);
    return [{ node, fields: inside === undefined ? [] : picked(inside, wish) }];
  });
}

const WHOLE: Wish = { isWhole: true, parts: new Map() };

function isSingle(node: FieldNode): boolean {
  return fieldsInside(node) === undefined;
}
