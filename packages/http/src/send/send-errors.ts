import { UpshiftError } from "@upshift/foundation";

/** A field name or value would break the message: with a line break in it, a user could write fields or a second response. */
export class InvalidHeaderError extends UpshiftError {
  readonly code = "UPSHIFT_HTTP_INVALID_HEADER" as const;

  /** @param name - shown with what is not printable replaced; the value is not shown, it may be a secret */
  constructor(name: string, part: "name" | "value") {
    const shown = name.replaceAll(/[^\x21-\x7e]/g, "?").slice(0, 60);
    const problem =
      part === "name"
        ? "is not a token: use letters, digits and dashes"
        : "has a character that a field must not have (a line break, NUL or one beyond Latin-1): encode it, or take it out";
    super(`The ${part} of the header \`${shown}\` ${problem}`, { details: { name: shown, part } });
  }
}

/** A response that any cache may give to anybody would set a cookie, which is for one person. Nothing was sent. */
export class PublicCookieError extends UpshiftError {
  readonly code = "UPSHIFT_HTTP_PUBLIC_COOKIE" as const;

  constructor() {
    super(
      "A response with Cache-Control `public` or `s-maxage` must not set cookies: shared caches would hand one person's cookie to others. Make it `private`, or do not set the cookie here",
    );
  }
}

/** The head of another response is on its way on this connection. */
export class ResponseStartedError extends UpshiftError {
  readonly code = "UPSHIFT_HTTP_RESPONSE_STARTED" as const;

  constructor() {
    super("This request is being answered already: send one response, and return after it");
  }
}
