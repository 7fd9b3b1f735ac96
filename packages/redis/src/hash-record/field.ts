import { InvalidArgumentError } from "@upshift/foundation";

/** How a field is stored and what it is in the program. */
export type Field =
  | "string"
  | "number"
  | "boolean"
  | "date"
  | "bigint"
  | JsonField<unknown>
  | OptionalField<BaseField>
  | NullableField<BaseField>;

type BaseField = "string" | "number" | "boolean" | "date" | "bigint" | JsonField<unknown>;

export interface JsonField<Value> {
  readonly kind: "json";
  /** Turns what JSON gave into the value; throws when it cannot be one. */
  readonly parse: (value: unknown) => Value;
}

/** The record may be without it: reads give `undefined`. */
export interface OptionalField<Of> {
  readonly kind: "optional";
  readonly of: Of;
}

/** It may be null, which is another thing than missing. */
export interface NullableField<Of> {
  readonly kind: "nullable";
  readonly of: Of;
}

/**
 * A field of any JSON value.
 *
 * @param parse - checks what is read, for example `schema.parse`
 */
export function json<Value>(parse: (value: unknown) => Value): JsonField<Value> {
  if (typeof parse !== "function")
    throw new InvalidArgumentError("`parse` of `json` as a function that checks a value", parse);
  return { kind: "json", parse };
}

/** A field that a record may be without. */
export function optional<const Of extends BaseField>(of: Of): OptionalField<Of> {
  return { kind: "optional", of };
}

/** A field that may be null. */
export function nullable<const Of extends BaseField>(of: Of): NullableField<Of> {
  return { kind: "nullable", of };
}

export type Schema = Readonly<Record<string, Field>>;

interface BaseValues {
  readonly string: string;
  readonly number: number;
  readonly boolean: boolean;
  readonly date: Date;
  readonly bigint: bigint;
}

/** What a field is in the program; without `undefined`, which says that it is missing. */
export type FieldValue<F> = F extends keyof BaseValues
  ? BaseValues[F]
  : F extends JsonField<infer Value>
    ? Value
    : F extends OptionalField<infer Of>
      ? FieldValue<Of>
      : F extends NullableField<infer Of>
        ? FieldValue<Of> | null
        : never;

type OptionalNames<S extends Schema> = {
  [Name in keyof S]: S[Name] extends OptionalField<unknown> ? Name : never;
}[keyof S];

/** A whole record. */
export type RecordOf<S extends Schema> = {
  readonly [Name in Exclude<keyof S, OptionalNames<S>>]: FieldValue<S[Name]>;
} & { readonly [Name in OptionalNames<S>]?: FieldValue<S[Name]> | undefined };

/** Any of the fields; what is `undefined` is left alone. */
export type PatchOf<S extends Schema> = {
  readonly [Name in keyof S]?: FieldValue<S[Name]> | undefined;
};

/** What a field is under `optional` and `nullable`. */
export function baseField(field: Field): BaseField {
  if (typeof field === "string" || field.kind === "json") return field;
  return field.of;
}

export function isOptional(field: Field): boolean {
  return typeof field === "object" && field.kind === "optional";
}

export function isNullable(field: Field): boolean {
  return typeof field === "object" && field.kind === "nullable";
}
