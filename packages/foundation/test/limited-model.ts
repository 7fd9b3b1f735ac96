import type { SourceKind } from "./simulated-source.ts";

/** What an item's work does when it is started. `"waits"` ones end when the test says so. */
export type WorkKind = "gives" | "throws" | "waits" | "waits as thenable" | "aborts, then gives";

export interface LimitedPlan {
  readonly work: readonly WorkKind[];
  readonly concurrency: number;
  readonly source: SourceKind;
  readonly throwsAt: number | undefined;
  readonly isCollecting: boolean;
  /** Items at most between those started and those taken; infinite for `mapLimit`. */
  readonly maxAhead: number;
}

/**
 * What a limited run must do, said plainly: a queue, a set, and a rule. Knows no promises, no iterators and no signals; whatever happens is told to it.
 */
export class LimitedModel {
  readonly running = new Set<number>();
  /** Ends of items in the order in which they came. */
  readonly done: { readonly index: number; readonly isOk: boolean }[] = [];
  protected readonly plan: LimitedPlan;
  takenCount = 0;
  startedCount = 0;
  pullCount = 0;
  isPulling = false;
  isExhausted = false;
  #isOpened = false;
  /** `"ended"` when all is done; otherwise what stopped it. */
  ending: string | undefined;

  constructor(plan: LimitedPlan) {
    this.plan = plan;
  }

  fill(): void {
    if (this.ending === undefined) this.#isOpened = true;
    while (
      this.ending === undefined &&
      !this.isExhausted &&
      !this.isPulling &&
      this.running.size < this.plan.concurrency &&
      this.startedCount - this.takenCount < this.plan.maxAhead
    ) {
      this.pullCount++;
      if (this.plan.source === "later") this.isPulling = true;
      else this.#arrive();
    }
    if (this.ending === undefined && this.isExhausted && this.running.size === 0)
      this.ending = "ended";
  }

  /** A pull that waited is answered. */
  answer(): void {
    if (!this.isPulling) return;
    this.isPulling = false;
    if (this.ending !== undefined) return;
    this.#arrive();
    this.fill();
  }

  /** An item that waited ends. */
  finish(index: number, isOk: boolean): void {
    this.running.delete(index);
    this.#end(index, isOk);
    this.fill();
  }

  stop(reason: string): void {
    this.ending ??= reason;
  }

  /** Told whenever an item's end was kept. */
  protected kept(): void {}

  /** Whether the source was left before its end. */
  get isLeft(): boolean {
    return (
      this.#isOpened && this.ending !== undefined && this.ending !== "ended" && !this.isExhausted
    );
  }

  #arrive(): void {
    const index = this.startedCount;
    if (index === this.plan.throwsAt) {
      this.isExhausted = true;
      this.stop(`source at ${index}`);
    } else if (index >= this.plan.work.length) {
      this.isExhausted = true;
    } else {
      this.startedCount++;
      this.#start(index);
    }
  }

  #start(index: number): void {
    const kind = this.plan.work[index];
    if (kind === "aborts, then gives") this.stop("abort");
    if (kind === "gives" || kind === "throws") this.#end(index, kind === "gives");
    else if (kind !== "aborts, then gives") this.running.add(index);
  }

  #end(index: number, isOk: boolean): void {
    if (this.ending !== undefined) return;
    if (isOk || this.plan.isCollecting) {
      this.done.push({ index, isOk });
      this.kept();
    } else {
      this.stop(`work ${index}`);
    }
  }
}

/** How tests write an end of an item down. */
export function outcomeText(
  { index, isOk }: { readonly index: number; readonly isOk: boolean },
  isCollecting: boolean,
): string {
  return isCollecting ? `${index} ${isOk}` : `value ${index}`;
}
