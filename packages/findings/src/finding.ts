import type { RuleId } from "./catalogue/rule.ts";
import type { Evidence, Frame } from "./evidence.ts";

export type Severity = "error" | "warn" | "info";

/** `proven`: measured or re-planned. `likely`: strong evidence, not tested. `hint`: rests on defaults or on one estimate. */
export type Confidence = "proven" | "likely" | "hint";

/** What something costs; a field that is not known is absent, never 0. */
export interface Amount {
  readonly roundTrips?: number;
  /** Milliseconds. */
  readonly ms?: number;
  readonly bytes?: number;
  /** PostgreSQL cost units. */
  readonly planCost?: number;
}

/** A slow form that was found, what it costs, and what to do. Detectors produce these, reporters consume them. */
export interface Finding {
  /** One id per slow form, whatever detector found it. */
  readonly rule: RuleId;
  /** Stable across line moves; see `findingKey`. */
  readonly key: string;
  readonly severity: Severity;
  readonly confidence: Confidence;
  /** One sentence a person acts on. */
  readonly title: string;
  readonly where: FindingPlace;
  readonly evidence: readonly Evidence[];
  /** What the advisor can test. */
  readonly probe?: IndexProbe;
  /** What the slow form costs today, per occurrence or in total as the evidence says. */
  readonly cost: Amount;
  /** What the fix would save of `cost`. */
  readonly saving: Amount & { readonly basis: "measured" | "planner" | "projected" };
  readonly fix: Fix;
  readonly verified?: Verification;
}

export interface FindingPlace {
  readonly file?: Frame;
  readonly route?: string;
  /** Schema-qualified where the schema is not on the search path. */
  readonly table?: string;
  /** Normalised query text: `$n` in place of literals. */
  readonly query?: string;
}

/** A filter whose index the advisor can try: SQL text over one table. */
export interface IndexProbe {
  readonly table: string;
  readonly predicate: string;
  readonly order?: string;
}

export interface Fix {
  readonly title: string;
  /** Statements that can be run as they are. */
  readonly sql?: string;
  readonly diff?: string;
  /** The Upshift part that is the fast form: `@upshift/postgres keyset`. */
  readonly part?: string;
  /** What to mind before applying it. */
  readonly caution?: string;
  /** Statements that take `sql` back. */
  readonly undo?: string;
}

export interface Verification {
  readonly how: "twin" | "branch" | "production";
  readonly before: Amount;
  readonly after: Amount;
}
