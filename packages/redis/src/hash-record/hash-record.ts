import { type Duration, hasErrorCode, InvalidArgumentError, toMs } from "@upshift/foundation";
import { assertRedis } from "../assert-redis.ts";
import type { CallOptions, Redis, Reply } from "../redis.ts";
import {
  baseField,
  type Field,
  isNullable,
  isOptional,
  type OptionalField,
  type PatchOf,
  type RecordOf,
  type Schema,
} from "./field.ts";
import { assertSchema } from "./assert-schema.ts";
import { type HashRecordOptions, readLifetime } from "./lifetime.ts";
import { decodeField, encodeField } from "./field-text.ts";
import { HashFieldError, RedisUnsupportedError } from "./hash-record-errors.ts";
import {
  INCREMENT_FIELD,
  PATCH_RECORD,
  READ_FIELDS,
  REPLACE_RECORD,
} from "./hash-record-scripts.ts";

/** Typed records, one Redis hash each, read and written field by field. */
export interface HashRecord<S extends Schema> {
  /** Writes a whole record in place of what was there, with its time to live, at once. */
  put(id: string, record: RecordOf<S>, options?: CallOptions): Promise<void>;
  /** The record; `undefined` when there is none. */
  get(id: string, options?: CallOptions): Promise<RecordOf<S> | undefined>;
  /** Some of its fields, and no others over the wire; `undefined` when there is no record. */
  pick<const Name extends keyof S & string>(
    id: string,
    names: readonly [Name, ...Name[]],
    options?: CallOptions,
  ): Promise<RecordOf<Pick<S, Name>> | undefined>;
  /**
   * Sets the fields that are given, and removes optional ones given as `undefined` by name in `unset`.
   *
   * @returns false when there is no record: what has expired is not brought back as a record with holes
   */
  update(id: string, patch: PatchOf<S>, options?: UpdateOptions<S>): Promise<boolean>;
  /**
   * Adds to a number (as JavaScript adds) or a bigint (within 64 bits, as Redis adds); a missing optional field counts as 0.
   *
   * @returns the sum; `undefined` when there is no record
   * @throws {HashFieldError} when the field holds no number, or the sum has no form
   */
  increment<const Name extends NumericNames<S>>(
    id: string,
    name: Name,
    by: SumOf<S[Name]>,
    options?: CallOptions,
  ): Promise<SumOf<S[Name]> | undefined>;
  /**
   * Sets fields if others, or the same, are as expected; `undefined` expects an optional field to be missing.
   *
   * @returns what became of it; `mismatch` and `missing` changed nothing
   */
  compareAndSet(
    id: string,
    expected: PatchOf<S>,
    patch: PatchOf<S>,
    options?: UpdateOptions<S>,
  ): Promise<"applied" | "mismatch" | "missing">;
  /** @returns false when there was none */
  delete(id: string, options?: CallOptions): Promise<boolean>;
  exists(id: string, options?: CallOptions): Promise<boolean>;
  /** Milliseconds left; `null` when it lives for ever, `undefined` when there is none. */
  ttlMs(id: string, options?: CallOptions): Promise<number | null | undefined>;
  /**
   * Gives single fields a time to live of their own. Redis 7.4 and Valkey 9 have that.
   *
   * @returns false when there is no record
   * @throws {RedisUnsupportedError} when the server has not
   */
  expireFields(
    id: string,
    names: readonly [keyof S & string, ...(keyof S & string)[]],
    ttl: Duration,
    options?: CallOptions,
  ): Promise<boolean>;
}

type NumericNames<S extends Schema> = {
  [Name in keyof S]: S[Name] extends Numeric | OptionalField<Numeric> ? Name : never;
}[keyof S] &
  string;
type Numeric = "number" | "bigint";
type SumOf<F> = F extends "bigint" | OptionalField<"bigint"> ? bigint : number;

export interface UpdateOptions<S extends Schema> extends CallOptions {
  /** Optional fields to remove. */
  readonly unset?: readonly (keyof S & string)[];
}

/**
 * Records of one kind, each a Redis hash at `<name>:<id>`.
 *
 * @param schema - field name to kind; `optional` and `nullable` say what may be missing and what may be null
 * @throws {InvalidArgumentError} for a name, id, field or value that cannot be
 * @throws {HashFieldError} by reads, when what is stored is not what the schema says
 */
export function hashRecord<const S extends Schema>(
  redis: Redis,
  name: string,
  schema: S,
  options?: HashRecordOptions,
): HashRecord<S>;
// The types of the fields end here: below, a schema is data.
export function hashRecord(
  redis: Redis,
  name: string,
  schema: Schema,
  options: HashRecordOptions = {},
): object {
  assertRedis("hashRecord", redis);
  if (typeof name !== "string" || name === "")
    throw new InvalidArgumentError("`name` as text that is not empty", name);
  assertSchema(schema);
  const names = Object.keys(schema);
  const { ttlMs, slideMs } = readLifetime(options);
  const fieldOf = (field: string): Field => {
    const found = Object.hasOwn(schema, field) ? schema[field] : undefined;
    if (found === undefined)
      throw new InvalidArgumentError(
        `a field of ${JSON.stringify(name)} (${names.join(", ")})`,
        field,
      );
    return found;
  };
  const keyOf = (id: string): string => {
    if (typeof id !== "string" || id === "") throw new InvalidArgumentError("`id` as text", id);
    return `${name}:${id}`;
  };
  const slide = async (key: string, call: CallOptions | undefined): Promise<void> => {
    if (slideMs > 0) await redis.send(["PEXPIRE", key, slideMs], call);
  };

  /** Where every field that is asked may be missing, the same moment has to say whether the record is there at all. */
  const read = async (
    id: string,
    wanted: readonly string[],
    call: CallOptions | undefined,
  ): Promise<Record<string, unknown> | undefined> => {
    const key = keyOf(id);
    if (wanted.length === 0) throw new InvalidArgumentError("fields to read", "none");
    const fields = wanted.map((field) => [field, fieldOf(field)] as const);
    const isPresenceClear = fields.some(([, field]) => !isOptional(field));
    const [reply] = await Promise.all([
      isPresenceClear
        ? redis.send(["HMGET", key, ...wanted], call)
        : redis.run(READ_FIELDS, [key], wanted, call),
      slide(key, call),
    ]);
    const texts = Array.isArray(reply) ? reply : [];
    if (isPresenceClear ? texts.every((text) => text === null) : texts.length === 0)
      return undefined;
    const found: Record<string, unknown> = {};
    for (const [index, [field, kind]] of fields.entries()) {
      const text: Reply | undefined = texts[index];
      if (typeof text === "string") define(found, field, decodeField(key, field, kind, text));
      else if (!isOptional(kind)) throw new HashFieldError(key, field, "field that is there");
    }
    return found;
  };

  const patchArgs = (patch: Readonly<Record<string, unknown>>, unset: readonly string[] = []) => [
    ...Object.entries(patch)
      .filter(([, value]) => value !== undefined)
      .flatMap(([field, value]) => [field, "=", encodeField(field, fieldOf(field), value)]),
    ...unset.flatMap((field) => {
      if (!isOptional(fieldOf(field)))
        throw new InvalidArgumentError("an optional field to unset", field);
      return [field, "-", ""];
    }),
  ];
  const expectArgs = (expected: Readonly<Record<string, unknown>>) =>
    Object.entries(expected).flatMap(([field, value]) => {
      const kind = fieldOf(field);
      if (value === undefined) return [field, "-", ""];
      const sign = baseField(kind) === "number" && value !== null ? "#" : "=";
      return [field, sign, encodeField(field, kind, value)];
    });
  const patchRecord = async (
    id: string,
    expected: readonly string[],
    changes: readonly string[],
    call: CallOptions | undefined,
  ): Promise<number> => {
    const args = [slideMs, expected.length / 3, changes.length / 3, ...expected, ...changes];
    return Number(await redis.run(PATCH_RECORD, [keyOf(id)], args, call));
  };

  return {
    async put(id: string, given: Values, call?: CallOptions) {
      for (const field of Object.keys(given)) fieldOf(field);
      const texts = names.flatMap((field) => {
        const part = given[field];
        if (part === undefined && isOptional(fieldOf(field))) return [];
        return [field, encodeField(field, fieldOf(field), part)];
      });
      if (texts.length === 0) throw new InvalidArgumentError("a record with a field", "none");
      await redis.run(REPLACE_RECORD, [keyOf(id)], [ttlMs, ...texts], call);
    },
    get: (id: string, call?: CallOptions) => read(id, names, call),
    pick: (id: string, wanted: readonly string[], call?: CallOptions) => read(id, wanted, call),
    update: async (id: string, patch: Values, call?: PatchOptions) =>
      (await patchRecord(id, [], patchArgs(patch, call?.unset), call)) === 1,
    async increment(id: string, field: string, by: number | bigint, call?: CallOptions) {
      const key = keyOf(id);
      const kind = baseField(fieldOf(field));
      if ((kind !== "number" && kind !== "bigint") || isNullable(fieldOf(field)))
        throw new InvalidArgumentError("a field of kind number or bigint to increment", field);
      if (typeof by === "number" && !Number.isFinite(by))
        throw new InvalidArgumentError("a finite number to increment by", by);
      const args = [slideMs, field, encodeField(field, kind, by), kind];
      try {
        const sum = await redis.run(INCREMENT_FIELD, [key], args, call);
        if (typeof sum !== "string") return undefined;
        return kind === "bigint" ? BigInt(sum) : Number(sum);
      } catch (error) {
        // NOTNUMBER of ours; `hash value is not an integer` and `would overflow` of HINCRBY.
        const isValue =
          hasErrorCode(error, "UPSHIFT_REDIS_REPLY") &&
          /NOTNUMBER|not an integer|overflow/.test(error.message);
        throw isValue
          ? new HashFieldError(key, field, `${kind} that can be added to`, error)
          : error;
      }
    },
    async compareAndSet(id: string, expected: Values, patch: Values, call?: PatchOptions) {
      const outcome = await patchRecord(
        id,
        expectArgs(expected),
        patchArgs(patch, call?.unset),
        call,
      );
      if (outcome === 1) return "applied";
      return outcome === 0 ? "missing" : "mismatch";
    },
    delete: async (id: string, call?: CallOptions) =>
      (await redis.send(["UNLINK", keyOf(id)], call)) === 1,
    exists: async (id: string, call?: CallOptions) =>
      (await redis.send(["EXISTS", keyOf(id)], call)) === 1,
    async ttlMs(id: string, call?: CallOptions) {
      const left = Number(await redis.send(["PTTL", keyOf(id)], call));
      if (left === -2) return undefined;
      return left === -1 ? null : left;
    },
    async expireFields(id: string, fields: readonly string[], ttl: Duration, call?: CallOptions) {
      for (const field of fields) {
        if (!isOptional(fieldOf(field)))
          throw new InvalidArgumentError("optional fields, because the others must stay", field);
      }
      const leftMs = Math.ceil(toMs(ttl, "ttl"));
      try {
        const reply = await redis.send(
          ["HPEXPIRE", keyOf(id), leftMs, "FIELDS", fields.length, ...fields],
          call,
        );
        return Array.isArray(reply) && reply.some((each) => Number(each) !== NO_SUCH_FIELD);
      } catch (error) {
        const isUnknown =
          hasErrorCode(error, "UPSHIFT_REDIS_REPLY") && /unknown command/i.test(error.message);
        throw isUnknown
          ? new RedisUnsupportedError("expiry of single fields (HPEXPIRE)", "7.4")
          : error;
      }
    },
  };
}

type Values = Readonly<Record<string, unknown>>;
type PatchOptions = CallOptions & { readonly unset?: readonly string[] };

/** HPEXPIRE's answer for a field, or a key, that is not there. */
const NO_SUCH_FIELD = -2;

/** A field may be called `__proto__`. */
function define(target: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(target, name, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}
