import { UpshiftError } from "@upshift/foundation";

/** What a text that is no readable plan looks like. */
export type UnreadableKind =
  | "empty"
  | "too-large"
  | "too-deep"
  | "binary"
  | "xml"
  | "yaml"
  | "sql"
  | "error"
  | "truncated-json"
  | "invalid-json"
  | "json-without-plan"
  | "lost-indentation"
  | "text";

const LOOKS_LIKE: Readonly<Record<UnreadableKind, string>> = {
  empty: "The input is empty.",
  "too-large": "The input is larger than a plan can be (64 million characters).",
  "too-deep": "The plan is nested deeper than 5,000 levels.",
  binary: "The input is not text: it looks like a binary file (an image, an archive).",
  xml: "The input looks like a plan in XML, which is not read.",
  yaml: "The input looks like a plan in YAML, which is not read.",
  sql: "The input looks like a SQL statement, not like its plan.",
  error: "The input looks like an error message of PostgreSQL, not like a plan.",
  "truncated-json": "The input looks like a plan in JSON that was cut off before its end.",
  "invalid-json": "The input looks like a plan in JSON, but it is not valid JSON.",
  "json-without-plan": 'The input is JSON without a plan: no "Plan" and no "Node Type" in it.',
  "lost-indentation":
    "The input looks like a plan whose indentation was lost, so its tree cannot be told.",
  text: "The input does not look like a plan of PostgreSQL: no plan node was found in it.",
};

/** The text is no plan that can be read. The message says what it looks like and what to run instead. */
export class PlanParseError extends UpshiftError {
  readonly code = "UPSHIFT_PLAN_UNREADABLE" as const;
  readonly looksLike: UnreadableKind;

  constructor(looksLike: UnreadableKind, cause?: unknown) {
    super(
      `${LOOKS_LIKE[looksLike]} Run EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) before the query ` +
        `(without ANALYZE where it must not be executed) and pass on all of what it prints.`,
      cause === undefined ? { details: { looksLike } } : { details: { looksLike }, cause },
    );
    this.looksLike = looksLike;
  }
}
