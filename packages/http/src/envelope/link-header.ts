import { InvalidArgumentError } from "@upshift/foundation";

/** A link of a response to something else. */
export interface Link {
  /** Absolute, or relative to the request. */
  readonly href: string;
  /** One relation or several with spaces between them: `next`, `describedby`, or a URI. */
  readonly rel: string;
  /** Others: `title`, `type`, `hreflang`. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
}

/** What a URI may consist of. Source: RFC 3986 section 2. */
const NOT_IN_URIS = /[^A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]+/g;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const RELATION = /^(?:[a-z][a-z0-9.-]*|[A-Za-z][A-Za-z0-9+.-]*:[^\s"<>\\]+)$/;

/**
 * The value of a `Link` header. Whatever is in a link, it ends neither its URI, nor a quoted text, nor the header.
 *
 * @throws {InvalidArgumentError} for relations and names that cannot be, and control characters
 *
 * Source: RFC 8288 section 3; RFC 8187 for what is not ASCII
 */
export function linkHeader(links: readonly Link[]): string {
  return links
    .map(({ href, rel, parameters = {} }) => {
      for (const relation of rel.split(" ")) {
        if (!RELATION.test(relation)) throw new InvalidArgumentError("`rel` of a link", rel);
      }
      const rest = Object.entries(parameters).map(([name, value]) => parameter(name, value));
      return [`<${toUri(href)}>`, `rel="${rel}"`, ...rest].join("; ");
    })
    .join(", ");
}

/** Everything that is no part of a URI, as UTF-8 in percent; what is encoded already stays. */
export function toUri(text: string): string {
  return text.replaceAll(NOT_IN_URIS, (part) => encodeURIComponent(wellFormed(part)));
}

/** Half of a surrogate pair has no UTF-8. */
function wellFormed(text: string): string {
  return text.replaceAll(/\p{Surrogate}/gu, "�");
}

function parameter(name: string, value: string): string {
  if (!TOKEN.test(name) || name.toLowerCase() === "rel") {
    throw new InvalidArgumentError("names of a link's parameters as tokens", name);
  }
  if (/\p{Cc}/u.test(value)) {
    throw new InvalidArgumentError(`\`${name}\` of a link without control characters`, value);
  }
  if (/^[\x20-\x7e]*$/.test(value)) return `${name}="${value.replaceAll(/["\\]/g, "\\$&")}"`;
  const encoded = encodeURIComponent(wellFormed(value)).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${name}*=UTF-8''${encoded}`;
}
