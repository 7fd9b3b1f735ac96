import { InvalidArgumentError } from "@upshift/foundation";
import { assertTags } from "./assert-definition.ts";
import type { Flight } from "../flight/flight.ts";
import type { LoadContext, LoadNotes } from "../flight/load-context.ts";
import { BatchLoader } from "./batch-loader.ts";
import type { DefinitionOptions } from "./definition-options.ts";
import type { Pending, WriteBehindStore } from "../write-behind/write-behind-store.ts";
import { OfType } from "./of-type.ts";

/** Where the values of a definition come from. */
export interface Source {
  load(flight: Flight, notes: LoadNotes): unknown;
  tagsOf(input: unknown, value: unknown): readonly string[];
  versionOf(value: unknown): string;
}

const DEFAULT_BATCH = 500;

/** The functions of a definition, for code that does not know their types. */
export class DefinedSource<Input, Value> implements Source {
  readonly #name: string;
  readonly #options: DefinitionOptions<Input, Value>;
  readonly #batch: BatchLoader<Input, Value> | undefined;
  readonly #pending: WriteBehindStore<Input, Value> | undefined;
  readonly #onError: (error: unknown) => void;
  readonly #inputs = new OfType<Input>();
  readonly #values = new OfType<Value>();
  readonly #contexts = new OfType<LoadContext<Value>>();

  /** @throws {InvalidArgumentError} when `batch` is no whole number >= 1 */
  constructor(
    name: string,
    options: DefinitionOptions<Input, Value>,
    closing: AbortSignal,
    pending: WriteBehindStore<Input, Value> | undefined,
    onError: (error: unknown) => void,
  ) {
    this.#pending = pending;
    this.#onError = onError;
    this.#name = name;
    this.#options = options;
    const { loadMany, batch = DEFAULT_BATCH } = options;
    if (!Number.isSafeInteger(batch) || batch < 1)
      throw new InvalidArgumentError("`batch` as a whole number >= 1", batch);
    if (loadMany === undefined) return;
    this.#batch = new BatchLoader(async (inputs) => {
      const values = await loadMany(inputs, { signal: closing });
      if (!Array.isArray(values) || values.length !== inputs.length)
        throw new InvalidArgumentError(
          `\`loadMany\` of \`${name}\` to give ${inputs.length} values, one per input`,
          Array.isArray(values) ? values.length : typeof values,
        );
      return values;
    }, batch);
  }

  load(flight: Flight, notes: LoadNotes): unknown {
    return this.#pending === undefined
      ? this.#loadRow(flight, notes)
      : this.#loadOver(this.#pending, flight, notes);
  }

  #loadRow(flight: Flight, notes: LoadNotes): Promise<Value | undefined> | Value | undefined {
    if (this.#batch !== undefined) return this.#batch.load(this.#inputs.given(flight.input));
    const { load } = this.#options;
    if (load === undefined)
      throw new InvalidArgumentError(
        `\`load\` or \`loadMany\` in the definition of \`${this.#name}\`, since a value is missing`,
        undefined,
      );
    return load(this.#inputs.given(flight.input), this.#contexts.given(notes));
  }

  /** What is to be in the database, and lies over what is there: read before the row, so that what is written meanwhile is in one of both. */
  async #loadOver(
    pending: WriteBehindStore<Input, Value>,
    flight: Flight,
    notes: LoadNotes,
  ): Promise<Value | undefined> {
    let change: Pending<Value> | undefined;
    try {
      change = await pending.read(this.#inputs.given(flight.input), { signal: notes.signal });
    } catch (error) {
      // Nobody can tell what is pending: what the database has will do for this read, and is not kept.
      this.#onError(error);
      notes.skip();
    }
    if (change?.value !== undefined) return change.value;
    const value = pending.overlay(await this.#loadRow(flight, notes), change);
    // A row that only patches are known of may appear without a word.
    if (value === undefined && change !== undefined) notes.skip();
    return value;
  }

  tagsOf(input: unknown, value: unknown): readonly string[] {
    const { tags } = this.#options;
    if (tags === undefined) return [];
    return assertTags(tags(this.#inputs.given(input), this.#values.given(value)));
  }

  versionOf(value: unknown): string {
    const { version } = this.#options;
    if (version === undefined) return "";
    const number = version(this.#values.given(value));
    if (typeof number !== "bigint" && !Number.isSafeInteger(number))
      throw new InvalidArgumentError(
        `\`version\` of \`${this.#name}\` to give a whole number or a bigint`,
        typeof number,
      );
    return String(number);
  }
}
