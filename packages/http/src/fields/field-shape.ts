import { InvalidArgumentError } from "@upshift/foundation";

/** What may be asked for: `true` for a single value, an object for one or many objects with fields of their own. */
export interface FieldShape {
  readonly [name: string]: true | FieldShape;
}

/** The paths of a shape, with dots: `id`, `author`, `author.name`. */
export type FieldPath<S> = {
  [K in keyof S & string]: S[K] extends true ? K : K | `${K}.${FieldPath<S[K]>}`;
}[keyof S & string];

/** A field, with those inside of it. */
export interface FieldNode {
  readonly name: string;
  readonly path: string;
  /** `undefined` for a single value. */
  readonly inside: FieldNodes | undefined;
}

export type FieldNodes = ReadonlyMap<string, FieldNode>;

/** No shape of an API comes near; a recursive schema that was written out would. */
const MOST_NODES = 10_000;

/** What parts names from each other, what a path is made of, and what cannot be seen. */
const NOT_IN_NAMES = /[\s,.()[\]\p{Cc}]/u;

/**
 * The fields of a shape.
 *
 * @throws {InvalidArgumentError} for names that cannot be asked for, objects without fields, and more than 10,000 fields
 */
export function readShape(shape: FieldShape): FieldNodes {
  let count = 0;
  const read = (part: FieldShape, prefix: string): FieldNodes => {
    const nodes = Object.entries(part).map(([name, inside]) => {
      const path = prefix + name;
      count += 1;
      if (count > MOST_NODES) {
        throw new InvalidArgumentError(`at most ${MOST_NODES} fields`, "more");
      }
      if (name === "" || name === "__proto__" || NOT_IN_NAMES.test(name)) {
        throw new InvalidArgumentError("names of fields without `,.()[]` and spaces", path);
      }
      if (inside !== true && (typeof inside !== "object" || inside === null)) {
        throw new InvalidArgumentError(`\`true\` or an object as the field \`${path}\``, inside);
      }
      return [
        name,
        { name, path, inside: inside === true ? undefined : read(inside, `${path}.`) },
      ] as const;
    });
    if (nodes.length === 0) {
      throw new InvalidArgumentError("at least one field", prefix === "" ? "none" : prefix);
    }
    return new Map(nodes);
  };
  return read(shape, "");
}

/** The shape that paths with dots make, those of a `projection` for one. */
export function shapeOfPaths(paths: readonly string[]): FieldShape {
  const root = new Branch();
  for (const path of paths) {
    let branch = root;
    for (const name of path.split(".")) branch = branch.child(name);
  }
  return root.toShape();
}

/** The fields of both, at every depth; of a single value and an object the object. */
export function mergeShapes(
  one: true | FieldShape | undefined,
  other: true | FieldShape | undefined,
): true | FieldShape {
  if (one === true || one === undefined) return other ?? true;
  if (other === true || other === undefined) return one;
  const merged = new Map(Object.entries(one));
  for (const [name, inside] of Object.entries(other)) {
    merged.set(name, mergeShapes(merged.get(name), inside));
  }
  return Object.fromEntries(merged);
}

class Branch {
  readonly #children = new Map<string, Branch>();

  child(name: string): Branch {
    const known = this.#children.get(name);
    if (known !== undefined) return known;
    const created = new Branch();
    this.#children.set(name, created);
    return created;
  }

  toShape(): FieldShape {
    const entries = [...this.#children].map(
      ([name, child]) => [name, child.#children.size === 0 ? true : child.toShape()] as const,
    );
    return Object.fromEntries(entries);
  }
}

/** The node at a path. */
export function nodeAt(nodes: FieldNodes, path: string): FieldNode | undefined {
  let [inside, node]: [FieldNodes | undefined, FieldNode | undefined] = [nodes, undefined];
  for (const name of path.split(".")) {
    node = inside?.get(name);
    inside = node?.inside;
  }
  return node;
}
