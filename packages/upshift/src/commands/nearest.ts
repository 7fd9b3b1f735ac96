/** At most three of `candidates` that a person may have meant, the likeliest first; `[]` when none is close. */
export function nearest(text: string, candidates: readonly string[]): readonly string[] {
  const wanted = text.toLowerCase();
  const farthest = Math.max(2, Math.floor(wanted.length / 3));
  return candidates
    .map((candidate) => ({
      candidate,
      distance:
        wanted.length > 2 && candidate.includes(wanted) ? 0 : editDistance(wanted, candidate),
    }))
    .filter(({ distance }) => distance <= farthest)
    .toSorted((left, right) => left.distance - right.distance)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** Levenshtein distance, O(left x right). Source: Wagner and Fischer, 1974. */
function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const substitution = left[row - 1] === right[column - 1] ? 0 : 1;
      current.push(
        Math.min(
          (previous[column] ?? 0) + 1,
          (current[column - 1] ?? 0) + 1,
          (previous[column - 1] ?? 0) + substitution,
        ),
      );
    }
    previous = current;
  }
  return previous.at(-1) ?? 0;
}
