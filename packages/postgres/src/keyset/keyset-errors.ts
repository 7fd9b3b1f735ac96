import { InvalidArgumentError, UpshiftError } from "@upshift/foundation";

/**
 * A cursor that was not made for this list: damaged, forged, of another order, filter or tenant, expired, too long. It says nothing of which, since
 * whoever tries cursors out would learn from it.
 */
export class InvalidCursorError extends UpshiftError {
  readonly code = "UPSHIFT_INVALID_CURSOR" as const;
  /** Of an HTTP response, where Express and others look for it. */
  readonly status = 400;
  /** The same for Fastify. */
  readonly statusCode = 400;

  constructor() {
    super("The cursor is not valid for this list. Start again from the first page.");
  }
}

/** A row's keys are too long for a cursor. */
export class CursorTooLargeError extends UpshiftError {
  readonly code = "UPSHIFT_CURSOR_TOO_LARGE" as const;

  constructor(length: number, maxLength: number) {
    super(
      `A cursor of ${length} characters is longer than \`maxLength\`, ${maxLength}. Order by something shorter, such as left(body, 100) and the primary key, or raise it.`,
      { details: { length, maxLength } },
    );
  }
}

/** A size or direction of a page that cannot be: what a request asked for, so it maps to 400. */
export class InvalidPageError extends InvalidArgumentError {
  /** Of an HTTP response, where Express and others look for it. */
  readonly status = 400;
  /** The same for Fastify. */
  readonly statusCode = 400;
}

/** A key that was said to have no NULL has one: rows would be lost. */
export class NullKeyError extends UpshiftError {
  readonly code = "UPSHIFT_NULL_KEY" as const;

  constructor(keyNumber: number) {
    super(
      `Key ${keyNumber} of the order is NULL in a row, though it was declared or found to be NOT NULL. Set \`nullable: true\`; after a migration make the list anew.`,
      { details: { keyNumber } },
    );
  }
}
