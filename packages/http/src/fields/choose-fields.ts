import type { FieldNode, FieldNodes } from "./field-shape.ts";
import type { Wish } from "./wish.ts";

/** A field that is given out, with those inside of it. */
export interface ChosenField {
  readonly name: string;
  readonly path: string;
  /** `undefined` for a single value. */
  readonly fields: readonly ChosenField[] | undefined;
}

export interface Chooser {
  readonly canSee: (node: FieldNode) => boolean;
  /** What was asked of JSON:API's types, by type. */
  readonly typed: ReadonlyMap<string, Wish>;
  /** Type by path. */
  readonly types: ReadonlyMap<string, string>;
}

export interface Choice {
  readonly fields: readonly ChosenField[];
  /** Paths that were asked for. */
  readonly unknown: readonly string[];
  readonly forbidden: readonly string[];
}

/**
 * What was asked for of what there is: each field once, sorted by name. An object that is asked for by its name alone is all in it, or what was asked of its type.
 *
 * Goes as deep as the fields do, and no deeper.
 */
export function choose(nodes: FieldNodes, wish: Wish, chooser: Chooser): Choice {
  const unknown: string[] = [];
  const forbidden: string[] = [];
  const chosen = (inside: FieldNodes, asked: Wish, prefix: string): readonly ChosenField[] => {
    for (const name of asked.parts.keys()) {
      if (!inside.has(name)) unknown.push(`${prefix}${name}`);
    }
    return sorted(inside.values()).flatMap((node) => {
      const part = asked.parts.get(node.name);
      if (part === undefined && !asked.isWhole) return [];
      if (!chooser.canSee(node)) {
        // What was not named is only left out.
        if (part !== undefined) forbidden.push(node.path);
        return [];
      }
      const [unknownCount, forbiddenCount] = [unknown.length, forbidden.length];
      const found = field(node, {
        isWhole: asked.isWhole || part?.isWhole === true,
        parts: part?.parts ?? NONE,
      });
      if (found.length === 0 && part !== undefined && isEmptyFor(node, chooser)) {
        // Not there itself: what was asked for inside of it would tell that it is.
        [unknown.length, forbidden.length] = [unknownCount, forbiddenCount];
        forbidden.push(node.path);
      }
      return found;
    });
  };
  const field = (node: FieldNode, asked: Wish): readonly ChosenField[] => {
    const { name, path, inside } = node;
    if (inside === undefined) {
      for (const extra of asked.parts.keys()) unknown.push(`${path}.${extra}`);
      return [{ name, path, fields: undefined }];
    }
    const fields = chosen(inside, ofType(node, asked, chooser), `${path}.`);
    return fields.length === 0 ? [] : [{ name, path, fields }];
  };
  return { fields: chosen(nodes, wish, ""), unknown, forbidden };
}

/** An object in which nothing may be seen. */
function isEmptyFor({ inside }: FieldNode, { canSee }: Chooser): boolean {
  return inside !== undefined && leafPaths(inside, canSee).length === 0;
}

const NONE: ReadonlyMap<string, Wish> = new Map();

function ofType({ path }: FieldNode, asked: Wish, { typed, types }: Chooser): Wish {
  const type = types.get(path);
  const own = type === undefined ? undefined : typed.get(type);
  return asked.isWhole && own !== undefined ? own : asked;
}

/** The paths of the single values among them that may be seen, in the order of the definition. */
export function leafPaths(
  nodes: FieldNodes,
  canSee: (node: FieldNode) => boolean,
): readonly string[] {
  return [...nodes.values()].flatMap((node) => {
    if (!canSee(node)) return [];
    return node.inside === undefined ? [node.path] : leafPaths(node.inside, canSee);
  });
}

function sorted(nodes: Iterable<FieldNode>): readonly FieldNode[] {
  return [...nodes].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
