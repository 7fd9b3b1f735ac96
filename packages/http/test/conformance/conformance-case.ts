import type { NegotiatedCoding } from "../../src/coding/coding.ts";

/** One request, and what the RFC says of its answer. */
export interface ConformanceCase {
  /** "9110 13.1.2": RFC and section. */
  readonly section: string;
  /** What must hold, as a claim. */
  readonly claim: string;
  readonly method?: string;
  readonly path: string;
  /**
   * Names and values, as they go over the wire; a list is several fields. `<identity>`, `<gzip>`, `<br>` stand for the entity tag
   * that the server gave to this coding of `path` before.
   */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly expected: Expected;
}

export interface Expected {
  readonly status: number;
  /** Of the body, or of what a 304 stands for, by its tag. */
  readonly coding?: NegotiatedCoding;
  /** Fields with exactly these values. */
  readonly has?: Readonly<Record<string, string>>;
  readonly lacks?: readonly string[];
}

/** A 200 with the whole body in a coding. */
export function ok(coding: NegotiatedCoding = "identity"): Expected {
  return { status: 200, coding };
}

/** A 304 for a coding. */
export function notModified(coding: NegotiatedCoding = "identity"): Expected {
  return { status: 304, coding };
}
