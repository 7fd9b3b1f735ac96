/** The widths that one column's values have in an index tuple. */
export interface FieldWidths {
  /** Bytes and the share of the values that have them; the shares add up to 1. NULLs are not among them. */
  readonly widths: readonly { readonly bytes: number; readonly share: number }[];
  /** 1, 2, 4 or 8; short varlena values are stored unaligned, so 1. */
  readonly alignment: number;
  /** 0..1; a NULL takes no data. */
  readonly nullFraction: number;
}

/** Every tuple starts at a multiple of this (MAXALIGN). */
const TUPLE_ALIGNMENT = 8;

/** A longer varlena value has a header of four bytes and is aligned by four. */
const LONGEST_SHORT_VARLENA = 127;

/**
 * Expected bytes of the data of one tuple, each tuple rounded up to 8.
 *
 * The rounding is what makes it more than a sum of averages: widths are followed as a distribution over the eight
 * possible remainders. Columns are taken as independent.
 */
export function expectedDataBytes(fields: readonly FieldWidths[]): number {
  let shares: number[] = [1, 0, 0, 0, 0, 0, 0, 0];
  /** Share times bytes of the tuples that end at this remainder. */
  let masses: number[] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (const field of fields) {
    const nextShares = shares.map((share) => share * field.nullFraction);
    const nextMasses = masses.map((mass) => mass * field.nullFraction);
    const present = 1 - field.nullFraction;
    for (let remainder = 0; remainder < TUPLE_ALIGNMENT; remainder += 1) {
      const share = (shares[remainder] ?? 0) * present;
      const mass = (masses[remainder] ?? 0) * present;
      if (share === 0) continue;
      for (const width of field.widths) {
        const isLong = field.alignment === 1 && width.bytes > LONGEST_SHORT_VARLENA;
        const alignment = isLong ? 4 : field.alignment;
        const added = paddingTo(remainder, alignment) + width.bytes;
        const end = Math.round(remainder + added) % TUPLE_ALIGNMENT;
        nextShares[end] = (nextShares[end] ?? 0) + share * width.share;
        nextMasses[end] = (nextMasses[end] ?? 0) + (mass + share * added) * width.share;
      }
    }
    shares = nextShares;
    masses = nextMasses;
  }
  return shares.reduce(
    (bytes, share, remainder) =>
      bytes + (masses[remainder] ?? 0) + share * paddingTo(remainder, TUPLE_ALIGNMENT),
    0,
  );
}

/** True when every tuple has the same size, so that a page holds a whole number of them. */
export function isFixedLayout(fields: readonly FieldWidths[]): boolean {
  return fields.every((field) => field.widths.length === 1 && field.nullFraction === 0);
}

function paddingTo(offset: number, alignment: number): number {
  return (alignment - (offset % alignment)) % alignment;
}
