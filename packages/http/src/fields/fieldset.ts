import { InvalidArgumentError, refuseUnknown } from "@upshift/foundation";
import {
  type FieldNode,
  type FieldNodes,
  type FieldPath,
  type FieldShape,
  nodeAt,
  readShape,
  shapeOfPaths,
} from "./field-shape.ts";
import { type FieldSelection, toSelection } from "./field-selection.ts";
import { ForbiddenFieldsError, UnknownFieldsError } from "./fields-errors.ts";
import { fieldsOfQuery } from "./fields-query.ts";
import { shapeOfSchema, type StandardSchema } from "./read-schema.ts";
import { type Chooser, choose, leafPaths } from "./choose-fields.ts";
import { emptyWish, readWish, type Wish, type WishLimits } from "./wish.ts";

/** Whether a request may see a field. Only `true` allows. */
export type FieldRule<Context> = (context: Context) => boolean;

/** By path; one that no field has is refused when the set is made. */
export interface FieldRules<Context> {
  readonly [path: string]: FieldRule<Context> | undefined;
}

export interface FieldsetOptions<Context, Path extends string> {
  /** What a request without `fields` gets. Default is everything that it may see. */
  readonly default?: readonly Path[] | undefined;
  /** Who may see a field, or an object with all that is in it. Asked before anything is read. Default is everybody. */
  readonly visible?:
    | (FieldRules<Context> & { readonly [P in Path]?: FieldRule<never> | undefined })
    | undefined;
  /**
   * What naming a field does that this request may not see: `'omit'` leaves it out, `'refuse'` is 403, `'hide'` is the answer for a field that there is not. Default is `'omit'`; where nothing is left,
   * 403.
   */
  readonly forbidden?: "omit" | "refuse" | "hide" | undefined;
  /** JSON:API's name for what this is: `fields[articles]=id,title`. */
  readonly type?: string | undefined;
  /** The same for objects inside, by their paths: `{ author: 'people' }`. */
  readonly types?: { readonly [P in Path]?: string } | undefined;
  /** Name of the parameter. Default is `'fields'`. */
  readonly parameter?: string | undefined;
  /** Characters of all parameters together. Default is 4,096. */
  readonly maxLength?: number | undefined;
  /** Names within names. Default is 8. */
  readonly maxDepth?: number | undefined;
}

const NAMES: ReadonlySet<keyof FieldsetOptions<never, never>> = new Set([
  "default",
  "visible",
  "forbidden",
  "type",
  "types",
  "parameter",
  "maxLength",
  "maxDepth",
]);

/** Needed where rules ask for it. */
type ContextArgument<Context> = undefined extends Context
  ? [context?: Context]
  : [context: Context];

/** What may be asked for. */
export interface Fieldset<Context> {
  /** Every single value, with dots. */
  readonly paths: readonly string[];
  /**
   * The fields that a request asks for and may see.
   *
   * @param query - the request's URL or what follows its `?`, or its parameters
   * @throws {InvalidFieldsError} 400
   * @throws {UnknownFieldsError} 400, with the list of those it may name
   * @throws {ForbiddenFieldsError} 403
   * @throws what a rule throws
   */
  parse(query: string | URLSearchParams, ...context: ContextArgument<Context>): FieldSelection;
}

/**
 * Declares what may be asked for with `fields=id,title,author(name)`: as a shape, as a Standard Schema whose fields can be read (see {@link shapeOfSchema}), or as anything with `paths`, such as a
 * `projection` of `@upshift/postgres`.
 *
 * ```ts
 * const articleFields = fieldset({ id: true, title: true, author: { name: true, email: true } }, {
 *   visible: { "author.email": (user: User) => user.isAdmin },
 * });
 * const selection = articleFields.parse(request.url, user);
 * ```
 *
 * @throws {InvalidArgumentError} when names cannot be asked for or options name none of them
 */
export function fieldset<Context = undefined>(
  source: StandardSchema | { readonly paths: readonly string[] },
  options?: FieldsetOptions<Context, string>,
): Fieldset<Context>;
export function fieldset<const Shape extends FieldShape, Context = undefined>(
  shape: Shape,
  options?: FieldsetOptions<Context, FieldPath<Shape>>,
): Fieldset<Context>;
export function fieldset<Context>(
  source: StandardSchema | { readonly paths: readonly string[] } | FieldShape,
  options: FieldsetOptions<Context, string> = {},
): Fieldset<Context> {
  refuseUnknown("fieldset", options, NAMES);
  const nodes = readShape(shapeOf(source));
  const limits = readLimits(options);
  const rules = byPath<FieldRule<Context>>("visible", nodes, options.visible);
  const types = byPath("types", nodes, options.types);
  const fallback = options.default === undefined ? undefined : defaults(options.default, limits);
  if (fallback !== undefined) {
    // Nobody can see more than somebody who may see everything.
    const { unknown } = choose(nodes, fallback, { canSee: () => true, typed: new Map(), types });
    if (unknown.length > 0) throw new InvalidArgumentError("known fields as `default`", unknown);
  }
  const known = new Set([...types.values(), ...(options.type === undefined ? [] : [options.type])]);
  const { forbidden: mode = "omit", parameter = "fields" } = options;
  if (mode !== "omit" && mode !== "refuse" && mode !== "hide")
    throw new InvalidArgumentError("`forbidden` as omit, refuse or hide", mode);
  return {
    paths: leafPaths(nodes, () => true),
    parse(query, ...[context]) {
      const { own, typed } = fieldsOfQuery(query, parameter, limits);
      const canSee = visibility(rules, context);
      const strangers = [...typed.keys()].filter((type) => !known.has(type));
      if (strangers.length > 0) {
        const named = (type: string): string => `${parameter}[${type}]`;
        const allowed = [parameter, ...Array.from(known, named)];
        throw new UnknownFieldsError(strangers.map(named), allowed);
      }
      const asked = own ?? (options.type === undefined ? undefined : typed.get(options.type));
      const chooser: Chooser = { canSee, typed, types };
      const chosen = choose(nodes, asked ?? fallback ?? everything(), chooser);
      const { fields, unknown, forbidden } = chosen;
      // What was not asked for by name is no attempt to see it.
      const isAsked = asked !== undefined || typed.size > 0;
      const hidden = mode === "hide" && isAsked ? forbidden : [];
      if (unknown.length + hidden.length > 0) {
        throw new UnknownFieldsError([...unknown, ...hidden], leafPaths(nodes, canSee));
      }
      const isRefused = mode === "refuse" && isAsked && forbidden.length > 0;
      if (isRefused || fields.length === 0) throw new ForbiddenFieldsError(forbidden);
      return toSelection(fields);
    },
  };
}

function everything(): Wish {
  return { isWhole: true, parts: new Map() };
}

function shapeOf(
  source: StandardSchema | { readonly paths: readonly string[] } | FieldShape,
): FieldShape {
  if (typeof source !== "object" || source === null || Array.isArray(source)) {
    throw new InvalidArgumentError(
      "a shape such as `{ id: true, author: { name: true } }`, a projection or a Standard Schema",
      source,
    );
  }
  if (isSchema(source)) return shapeOfSchema(source);
  return hasPaths(source) ? shapeOfPaths(source.paths) : source;
}

function isSchema(source: object): source is StandardSchema {
  return "~standard" in source && typeof source["~standard"] === "object";
}

function hasPaths(source: object): source is { readonly paths: readonly string[] } {
  return "paths" in source && Array.isArray(source.paths);
}

function readLimits({
  maxLength = 4_096,
  maxDepth = 8,
}: FieldsetOptions<never, string>): WishLimits {
  for (const [name, value, most] of [
    ["maxLength", maxLength, 1_000_000],
    // Chosen fields are gone through by recursion.
    ["maxDepth", maxDepth, 100],
  ] as const) {
    if (!Number.isInteger(value) || value < 1 || value > most) {
      throw new InvalidArgumentError(`\`${name}\` as a whole number from 1 to ${most}`, value);
    }
  }
  return { maxLength, maxDepth };
}

function byPath<V>(
  option: string,
  nodes: FieldNodes,
  values: Readonly<Record<string, V | undefined>> | undefined,
): ReadonlyMap<string, V> {
  const entries = Object.entries(values ?? {}).flatMap(([path, value]) =>
    value === undefined ? [] : [[path, value] as const],
  );
  for (const [path] of entries) {
    // A rule that no field has would protect nothing.
    if (nodeAt(nodes, path) === undefined) {
      throw new InvalidArgumentError(`paths of fields in \`${option}\``, path);
    }
  }
  return new Map(entries);
}

function defaults(paths: readonly string[], limits: WishLimits): Wish {
  const wish = emptyWish();
  for (const path of paths) readWish(path, limits, wish);
  return wish;
}

/** Each rule is asked once at most. */
function visibility<Context>(
  rules: ReadonlyMap<string, FieldRule<Context>>,
  context: Context | undefined,
): (node: FieldNode) => boolean {
  const known = new Map<string, boolean>();
  return ({ path }) => {
    const rule = rules.get(path);
    if (rule === undefined) return true;
    const before = known.get(path);
    if (before !== undefined) return before;
    const answer: unknown = Reflect.apply(rule, undefined, [context]);
    if (typeof answer === "object" && answer !== null && "then" in answer) {
      throw new InvalidArgumentError(`a rule of \`${path}\` that answers at once`, "a promise");
    }
    known.set(path, answer === true);
    return answer === true;
  };
}
