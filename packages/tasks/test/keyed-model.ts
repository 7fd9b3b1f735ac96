/** What a task does when it is started. */
export type WorkKind = "gives" | "throws" | "waits" | "aborts, then gives";

export interface KeyedPlan {
  readonly work: readonly WorkKind[];
  readonly concurrency: number;
  readonly deadlineMs: number | undefined;
  readonly quorum: number;
  /** By position: whether a fallback stands in. */
  readonly hasFallback: readonly boolean[];
  readonly form: "parallel" | "settle";
}

/** What `parallel` and `settle` must do, said plainly: counters and a set. */
export class KeyedModel {
  readonly started: number[] = [];
  readonly running = new Set<number>();
  /** What the call ended with: the JSON of its result, or a message. */
  ending: string | undefined;
  /** Whether the tasks' signal has aborted. */
  isCalledOff = false;
  readonly #plan: KeyedPlan;
  readonly #values = new Map<number, string>();
  readonly #errors = new Map<number, string>();
  #nowMs = 0;

  constructor(plan: KeyedPlan) {
    this.#plan = plan;
  }

  begin(): void {
    const { work, concurrency } = this.#plan;
    while (
      this.ending === undefined &&
      this.running.size < concurrency &&
      this.started.length < work.length
    ) {
      const index = this.started.length;
      const kind = work[index];
      this.started.push(index);
      if (kind === "aborts, then gives") this.stop("abort");
      if (kind === "waits") this.running.add(index);
      else this.#end(index, kind !== "throws");
    }
    if (this.ending === undefined && this.#values.size + this.#errors.size === work.length)
      this.ending = this.#result();
  }

  finish(index: number, isOk: boolean): void {
    this.running.delete(index);
    this.#end(index, isOk);
    this.begin();
  }

  stop(message: string): void {
    if (this.ending !== undefined) return;
    this.ending = message;
    this.isCalledOff = true;
  }

  advance(byMs: number): void {
    const { deadlineMs, form, work } = this.#plan;
    this.#nowMs += byMs;
    if (deadlineMs === undefined || this.#nowMs < deadlineMs || this.ending !== undefined) return;
    const waiting = work.map((_, index) => index).slice(this.started.length);
    const message = `not done within ${deadlineMs} ms: still running ${listed([...this.running])}${
      waiting.length > 0 ? `; not started ${listed(waiting)}` : ""
    }`;
    if (form === "settle")
      for (const index of work.keys())
        if (!this.#values.has(index) && !this.#errors.has(index)) this.#errors.set(index, message);
    this.stop(form === "parallel" ? message : (this.#quorumMessage() ?? this.#result()));
  }

  #end(index: number, isOk: boolean): void {
    if (this.ending !== undefined) return;
    if (isOk) {
      this.#values.set(index, `value ${index}`);
      return;
    }
    this.#errors.set(index, `work ${index}`);
    const message = this.#plan.form === "parallel" ? `work ${index}` : this.#quorumMessage();
    if (message !== undefined) this.stop(message);
  }

  #quorumMessage(): string | undefined {
    const { quorum, work } = this.#plan;
    if (work.length - this.#errors.size >= quorum) return undefined;
    const failed = listed([...this.#errors.keys()]);
    return `${quorum} of ${work.length} tasks had to succeed and ${this.#errors.size} failed: ${failed}`;
  }

  #result(): string {
    const { form, hasFallback, work } = this.#plan;
    const entries = work.map((_, index) => {
      const value = this.#values.get(index);
      const error = this.#errors.get(index);
      const instead = { ok: true, value: `instead of ${index}`, replacedError: error };
      if (form === "parallel") return [`task ${index}`, value] as const;
      if (value !== undefined) return [`task ${index}`, { ok: true, value }] as const;
      return [
        `task ${index}`,
        hasFallback[index] === true ? instead : { ok: false, error },
      ] as const;
    });
    return JSON.stringify(Object.fromEntries(entries));
  }
}

/** Five names, and how many more. */
function listed(indexes: readonly number[]): string {
  const names = indexes.slice(0, 5).map((index) => `"task ${index}"`);
  return names.join(", ") + (indexes.length > 5 ? ` and ${indexes.length - 5} more` : "");
}
