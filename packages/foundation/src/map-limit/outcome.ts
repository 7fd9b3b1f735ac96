/** What became of one piece of work. */
export type Outcome<Value> = Success<Value> | Failure;

export interface Success<Value> {
  readonly ok: true;
  readonly value: Value;
}

export interface Failure {
  readonly ok: false;
  /** What it threw, the same object. */
  readonly error: unknown;
}

/** The same of one item of many. */
export type ItemOutcome<Value> = Outcome<Value> & {
  /** The item's place in the source, from 0. */
  readonly index: number;
};
