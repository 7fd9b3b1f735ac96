export interface Ranked {
  readonly member: string;
  readonly score: number;
}

/** Members by score, equal scores by the bytes of the member. */
export class SortedSet {
  readonly #scores = new Map<string, number>();
  readonly #ranked: Ranked[] = [];

  get size(): number {
    return this.#ranked.length;
  }

  score(member: string): number | undefined {
    return this.#scores.get(member);
  }

  set(member: string, given: number): void {
    // Small sets keep whole numbers as such, which know no -0.
    const score = given === 0 ? 0 : given;
    const before = this.#scores.get(member);
    if (before === score) return;
    if (before !== undefined) this.#ranked.splice(this.#place(before, member), 1);
    this.#scores.set(member, score);
    this.#ranked.splice(this.#place(score, member), 0, { member, score });
  }

  delete(member: string): boolean {
    const score = this.#scores.get(member);
    if (score === undefined) return false;
    this.#scores.delete(member);
    this.#ranked.splice(this.#place(score, member), 1);
    return true;
  }

  /** 0-based, from the lowest score. */
  rank(member: string): number | undefined {
    const score = this.#scores.get(member);
    return score === undefined ? undefined : this.#place(score, member);
  }

  /** By rank, end excluded. */
  slice(from = 0, to: number = this.#ranked.length): readonly Ranked[] {
    return this.#ranked.slice(from, to);
  }

  /** Where it is, or would be. */
  #place(score: number, member: string): number {
    let low = 0;
    let high = this.#ranked.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#ranked[middle];
      const isBefore =
        other !== undefined &&
        (other.score < score || (other.score === score && other.member < member));
      if (isBefore) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
