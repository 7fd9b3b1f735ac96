import type { Failure, Success } from "@upshift/foundation";
import type { Task, TaskValue } from "./task.ts";

/** A success of the task, or of its fallback. */
export interface SettledSuccess<Value> extends Success<Value> {
  /** There when the value is the fallback's: what the task threw. */
  readonly replacedError?: unknown;
}

export type SettledOutcome<Value> = SettledSuccess<Value> | Failure;

type ListKey<Tasks extends readonly unknown[]> = number extends Tasks["length"]
  ? number
  : Extract<keyof Tasks, `${number}`>;

type TaskKey<Given> = Given extends readonly unknown[] ? ListKey<Given> : keyof Given;

/** A value, or a function that makes one of the error; what it throws is the task's failure then. */
export type Fallback =
  | ((error: unknown) => unknown)
  | object
  | string
  | number
  | bigint
  | boolean
  | symbol
  | null
  | undefined;

/** Fallbacks by the names or positions of their tasks, as they were given, and no others. */
export type Fallbacks<Given, GivenFallbacks> = GivenFallbacks & {
  readonly [Key in TaskKey<Given>]?: Fallback;
} & {
  readonly [Key in keyof GivenFallbacks]: HasTask<Given, Key> extends true ? unknown : never;
};

type HasTask<Given, Key> =
  Key extends TaskKey<Given>
    ? true
    : Key extends number
      ? `${Key}` extends TaskKey<Given>
        ? true
        : false
      : false;

type FallbackKey<Key, GivenFallbacks> = Key extends keyof GivenFallbacks
  ? Key
  : Key extends `${infer Position extends number}`
    ? Extract<Position, keyof GivenFallbacks>
    : never;

type FallbackValue<Given> = Given extends (error: never) => infer Returned ? Returned : Given;

type ValueOf<Given, Key extends keyof Given, GivenFallbacks> =
  | TaskValue<Given[Key]>
  | FallbackValue<GivenFallbacks[FallbackKey<Key, GivenFallbacks> & keyof GivenFallbacks]>;

export interface SettleResult<Given, GivenFallbacks> {
  /** What became of each task, under its name or at its position; `undefined` for one that was left out. */
  readonly outcomes: {
    readonly [Key in keyof Given]: Given[Key] extends Task
      ? SettledOutcome<ValueOf<Given, Key, GivenFallbacks>>
      : SettledOutcome<ValueOf<Given, Key, GivenFallbacks>> | undefined;
  };
  /** The values of those that succeeded, fallbacks among them: by name; of a list, those there are, in order. */
  readonly successes: Given extends readonly unknown[]
    ? readonly { [Key in keyof Given]: ValueOf<Given, Key, GivenFallbacks> }[number][]
    : { readonly [Key in keyof Given]?: ValueOf<Given, Key, GivenFallbacks> };
  /** The errors of those that failed, in the same form. */
  readonly failures: Given extends readonly unknown[]
    ? readonly unknown[]
    : { readonly [Key in keyof Given]?: unknown };
}
