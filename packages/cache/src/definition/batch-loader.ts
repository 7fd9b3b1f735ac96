interface Call<Input, Value> {
  readonly input: Input;
  resolve(value: Value | undefined): void;
  reject(error: unknown): void;
}

/** Loads of single keys that come in one turn of the event loop become one load of many. */
export class BatchLoader<Input, Value> {
  readonly #loadMany: (inputs: readonly Input[]) => PromiseLike<readonly (Value | undefined)[]>;
  readonly #mostInputs: number;
  #calls: Call<Input, Value>[] = [];

  /** @param loadMany - gives as many values as it gets inputs, in their order */
  constructor(
    loadMany: (inputs: readonly Input[]) => PromiseLike<readonly (Value | undefined)[]>,
    mostInputs: number,
  ) {
    this.#loadMany = loadMany;
    this.#mostInputs = mostInputs;
  }

  load(input: Input): Promise<Value | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#calls.length === 0) setImmediate(() => this.#run());
      this.#calls.push({ input, resolve, reject });
    });
  }

  #run(): void {
    const calls = this.#calls;
    this.#calls = [];
    for (let start = 0; start < calls.length; start += this.#mostInputs)
      void this.#runBatch(calls.slice(start, start + this.#mostInputs));
  }

  async #runBatch(calls: readonly Call<Input, Value>[]): Promise<void> {
    try {
      const values = await this.#loadMany(calls.map(({ input }) => input));
      for (const [index, call] of calls.entries()) call.resolve(values[index]);
    } catch (error) {
      for (const call of calls) call.reject(error);
    }
  }
}
