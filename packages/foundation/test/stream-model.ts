import { LimitedModel, type LimitedPlan, outcomeText } from "./limited-model.ts";

/** A limited run whose results are asked for one by one. */
export class StreamModel extends LimitedModel {
  /** What `next()` and `return()` gave, in the order in which they were called. */
  readonly answers: string[] = [];
  readonly #isByInput: boolean;
  #askedCount = 0;
  #isFinished = false;

  constructor(plan: LimitedPlan, isByInput: boolean) {
    super(plan);
    this.#isByInput = isByInput;
  }

  take(): void {
    this.#askedCount++;
    this.fill();
    this.settle();
  }

  leave(): void {
    this.#askedCount++;
    this.stop("left");
    this.#isFinished = true;
    this.settle();
  }

  protected override kept(): void {
    this.#answer();
  }

  /** Answers what can be answered, as often as that lets more happen. */
  settle(): void {
    for (let count = -1; count < this.answers.length; this.fill()) {
      count = this.answers.length;
      this.#answer();
      if (this.answers.length === count) break;
    }
  }

  #answer(): void {
    for (; this.answers.length < this.#askedCount;) {
      const ready = this.#isByInput
        ? this.done.find(({ index }) => index === this.takenCount)
        : this.done[this.takenCount];
      const isDropped = this.#isFinished || this.ending === "abort";
      if (ready !== undefined && !isDropped) {
        this.takenCount++;
        this.answers.push(outcomeText(ready, this.plan.isCollecting));
      } else if (this.ending === undefined) {
        return;
      } else {
        this.answers.push(this.#isFinished || this.ending === "ended" ? "end" : this.ending);
        this.#isFinished = true;
      }
    }
  }
}
