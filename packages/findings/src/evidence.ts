/** A place in the user's source; 1-based line and column. */
export interface Frame {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly function?: string;
}

/** What a finding rests on. Texts hold no row values unless the user opted out of redaction. */
export type Evidence =
  | PlanNodeEvidence
  | CountEvidence
  | SqlEvidence
  | SpanEvidence
  | SourceEvidence
  | NoteEvidence;

/** A node of a query plan; `node` is the node's id in the plan that was read. */
export interface PlanNodeEvidence {
  readonly kind: "plan-node";
  readonly node: number;
  readonly text: string;
}

export interface CountEvidence {
  readonly kind: "count";
  /** What was counted: "rows removed by the filter". */
  readonly label: string;
  readonly value: number;
  /** `bytes` and `ms` are shown scaled. */
  readonly unit?: "rows" | "bytes" | "ms" | "calls" | "pages" | "ratio";
}

export interface SqlEvidence {
  readonly kind: "sql";
  readonly label: string;
  readonly sql: string;
}

/** Spans of a trace, by id. */
export interface SpanEvidence {
  readonly kind: "spans";
  readonly ids: readonly string[];
  readonly text: string;
}

export interface SourceEvidence {
  readonly kind: "source";
  readonly frame: Frame;
  readonly line: string;
}

export interface NoteEvidence {
  readonly kind: "note";
  readonly text: string;
}
