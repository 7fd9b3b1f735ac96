import { InvalidArgumentError } from "@upshift/foundation";

/** A size that is not a number would make every later sum one. */
export function assertSize(sizeBytes: number): void {
  if (!(sizeBytes >= 0 && sizeBytes < Infinity))
    throw new InvalidArgumentError("`sizeBytes` as a number >= 0", sizeBytes);
}
