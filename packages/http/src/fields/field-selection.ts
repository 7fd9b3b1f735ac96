import type { ChosenField } from "./choose-fields.ts";

/** The fields that a request gets. */
export interface FieldSelection {
  /** As a tree, sorted by name at each level, each name once. It fits `allow` of a `projection`. */
  readonly fields: readonly ChosenField[];
  /** Single values with dots, in the same order. */
  readonly paths: readonly string[];
  /** The same as one text, `author(avatar(url),name),id`: equal for equal fields however they were asked for. Part of a cache key and of a validator. */
  readonly key: string;
}

export function toSelection(fields: readonly ChosenField[]): FieldSelection {
  return { fields, paths: pathsOf(fields), key: keyOf(fields) };
}

function pathsOf(fields: readonly ChosenField[]): readonly string[] {
  return fields.flatMap(({ path, fields: inside }) =>
    inside === undefined ? [path] : pathsOf(inside),
  );
}

/** Names have neither commas nor brackets in them. */
function keyOf(fields: readonly ChosenField[]): string {
  return fields
    .map(({ name, fields: inside }) => (inside === undefined ? name : `${name}(${keyOf(inside)})`))
    .join(",");
}

/**
 * The paths of a selection for a `projection` of `@upshift/postgres`, typed as it wants them: only these columns are read, and only the joins that they need.
 *
 * ```ts
 * const rows = await articles.select(pool, projectionPaths(articles, selection));
 * ```
 *
 * @throws {UnknownFieldError} of the projection for what it does not have
 */
export function projectionPaths<Path extends string>(
  projection: { allow(requested: readonly string[]): readonly Path[] },
  selection: FieldSelection,
): readonly Path[] {
  return projection.allow(selection.paths);
}
