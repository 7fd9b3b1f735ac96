import { InvalidArgumentError } from "@upshift/foundation";
import { InvalidFieldsError } from "./fields-errors.ts";
import { emptyWish, type OpenWish, readWish, type Wish, type WishLimits } from "./wish.ts";

/** What a query asks for. */
export interface AskedFields {
  /** `fields=…`; `undefined` without it. */
  readonly own: Wish | undefined;
  /** JSON:API's `fields[type]=…`, by type. */
  readonly typed: ReadonlyMap<string, Wish>;
}

/**
 * The fields that a query names. A parameter that comes twice counts twice: whatever a proxy takes for its value, nothing of it is lost here, and the order makes no difference.
 *
 * @throws {InvalidFieldsError}
 * @throws {InvalidArgumentError} for what is no query, as `request.query` of Express, which has read it already
 */
export function fieldsOfQuery(
  query: string | URLSearchParams,
  parameter: string,
  limits: WishLimits,
): AskedFields {
  let own: OpenWish | undefined;
  const typed = new Map<string, OpenWish>();
  let restLength = limits.maxLength;
  for (const [name, value] of parametersOf(query)) {
    if (name !== parameter && !name.startsWith(`${parameter}[`)) continue;
    const left = { ...limits, maxLength: restLength };
    restLength -= value.length + 1;
    if (name === parameter) readWish(value, left, (own ??= emptyWish()));
    else readWish(value, left, wishOfType(name.slice(parameter.length), typed));
  }
  return { own, typed };
}

function parametersOf(query: string | URLSearchParams): URLSearchParams {
  if (typeof query !== "string") {
    if (query instanceof URLSearchParams) return query;
    throw new InvalidArgumentError(
      "`parse` to get the URL of the request (`request.url`), or its parameters as URLSearchParams",
      query,
    );
  }
  const start = query.indexOf("?");
  const before = start < 0 ? query : query.slice(0, start);
  const isUrl = /^[/]|^\w+:/.test(before);
  // A URL without a query asks for nothing; what has no path either is the query itself, which may have a `?` in its values.
  if (!isUrl && (start < 0 || /[=&]/.test(before))) return new URLSearchParams(query);
  if (start < 0) return new URLSearchParams("");
  const end = query.indexOf("#", start);
  return new URLSearchParams(query.slice(start + 1, end < 0 ? undefined : end));
}

function wishOfType(suffix: string, typed: Map<string, OpenWish>): OpenWish {
  const type = suffix.slice(1, -1);
  if (!suffix.endsWith("]") || type === "" || /[[\]]/.test(type)) {
    throw new InvalidFieldsError("A parameter is not of the form `fields[type]`.");
  }
  const known = typed.get(type);
  if (known !== undefined) return known;
  const created = emptyWish();
  typed.set(type, created);
  return created;
}
