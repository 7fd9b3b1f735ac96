import { UpshiftError } from "@upshift/foundation";

/** A score would leave the integers that Redis and JavaScript hold exactly, 2^53 - 1 either way. Nothing was changed. */
export class ScoreOverflowError extends UpshiftError {
  readonly code = "UPSHIFT_SCORE_OVERFLOW" as const;

  constructor(board: string, id: string) {
    super(
      `The score of ${JSON.stringify(id)} on board ${JSON.stringify(board)} would leave the exact integers (2^53 - 1). Nothing was changed.`,
      { details: { board, id } },
    );
  }
}
