/** Where a long piece of work stands; `total` is `null` while it is not known. */
export interface Progress {
  readonly stage: "snapshot" | "twin" | "plan" | "search" | "verify";
  readonly done: number;
  readonly total: number | null;
  /** What is being done, for a person: "reading statistics". */
  readonly label: string;
}

export type OnProgress = (progress: Progress) => void;
