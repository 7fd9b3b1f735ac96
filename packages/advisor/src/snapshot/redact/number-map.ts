/** A strictly increasing, odd map of exact decimals; whole numbers below ten stay. */
export interface NumberMap {
  /** @param text - a decimal without exponent: `-12.50`; the answer has as many decimals */
  decimal(text: string): string;
}

/** Random numbers in 0..1, unguessable for a file that leaves the house, seeded in tests. */
export type Random = () => number;

interface Knot {
  readonly at: bigint;
  readonly to: bigint;
}

/** Decimals that knots are kept with. */
const SCALE = 6;
const UNIT = 10n ** BigInt(SCALE);

/** Values that mean "no limit" in columns of the integer types; they and their types' range stay what they are. */
const TYPE_LIMITS = [32_767n, 2_147_483_647n, 9_223_372_036_854_775_807n];

/**
 * Moves every number by a factor of 1.15 to 1.85 that changes with its magnitude and is not written down.
 *
 * Order, sign and distinctness of whole numbers stay (up to 10,000, and wherever numbers are not packed at the upper end of
 * smallint), and so does the position of a constant between two histogram bounds, nearly: that is what selectivities rest on.
 * Magnitudes stay visible, exact values do not.
 */
export function createNumberMap(random: Random): NumberMap {
  const knots = createKnots(random);
  return {
    decimal: (text) => {
      const isNegative = text.startsWith("-");
      const [whole = "0", fraction = ""] = text.replace(/^[+-]/, "").split(".");
      const scale = Math.max(SCALE, fraction.length);
      const value = BigInt(whole + fraction.padEnd(scale, "0"));
      const moved = move(value, knots, 10n ** BigInt(scale - SCALE));
      const step = 10n ** BigInt(scale - fraction.length);
      const rounded = (moved + step / 2n) / step;
      const digits = rounded.toString().padStart(fraction.length + 1, "0");
      const split = digits.length - fraction.length;
      const shown =
        fraction.length === 0 ? digits : `${digits.slice(0, split)}.${digits.slice(split)}`;
      return isNegative && rounded !== 0n ? `-${shown}` : shown;
    },
  };
}

function createKnots(random: Random): readonly Knot[] {
  const knots: Knot[] = [{ at: 0n, to: 0n }];
  for (let whole = 0n; whole < 10n; whole += 1n) {
    const bend = 0.3 + 0.15 * random() + (random() < 0.5 ? 0 : 0.25);
    knots.push({ at: whole * UNIT + UNIT / 2n, to: whole * UNIT + scaled(bend) });
    knots.push({ at: (whole + 1n) * UNIT, to: (whole + 1n) * UNIT });
  }
  for (let power = 2n; power <= 30n; power += 1n) {
    const at = 10n ** power * UNIT;
    knots.push({ at, to: (at * scaled(1.15 + 0.7 * random())) / UNIT });
  }
  for (const limit of TYPE_LIMITS) {
    const at = limit * UNIT;
    // The limit's neighbours could pass it: what would, is moved to just below it.
    for (const [index, knot] of knots.entries()) {
      if (knot.at < at && knot.to >= at) knots[index] = { at: knot.at, to: (knot.at + at) / 2n };
    }
    knots.push({ at, to: at });
  }
  return knots.toSorted((left, right) => (left.at < right.at ? -1 : 1));
}

function scaled(ratio: number): bigint {
  return BigInt(Math.round(ratio * Number(UNIT)));
}

function move(value: bigint, knots: readonly Knot[], extraScale: bigint): bigint {
  let low = 0;
  let high = knots.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((knots[middle]?.at ?? 0n) * extraScale <= value) low = middle;
    else high = middle - 1;
  }
  const from = knots[low] ?? { at: 0n, to: 0n };
  const until = knots[low + 1];
  const past = value - from.at * extraScale;
  const base = from.to * extraScale;
  if (until === undefined) return base + past;
  return base + (past * (until.to - from.to)) / (until.at - from.at);
}
