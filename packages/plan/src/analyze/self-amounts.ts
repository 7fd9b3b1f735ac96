import { payingOrder, type Payers } from "./payers.ts";

export interface SelfAmounts {
  /** By node id; they sum to the root's amount and `outside`. */
  readonly self: readonly number[];
  /** What children claimed beyond what their payers had. */
  readonly residue: number;
  /** What no payer contains. */
  readonly outside: number;
}

export interface SelfAmountsOptions {
  /** By node id, children included. */
  readonly amounts: readonly number[];
  readonly payers: Payers;
  /** Nodes whose amount may go on after their payers are done. */
  readonly mayRunOutside: (id: number) => boolean;
}

/**
 * Splits the root's amount into what each node used itself.
 *
 * Goes from the root down: a node hands each child its claim and keeps the rest. Claims beyond what it has are cut in proportion,
 * so nothing is ever negative and nothing is counted twice.
 */
export function selfAmounts(options: SelfAmountsOptions): SelfAmounts {
  const { amounts, payers } = options;
  const order = payingOrder(payers);
  const claims = claimsOf(options, order);
  const granted = amounts.map((amount, id) => (id === 0 ? amount : 0));
  const self = amounts.map(() => 0);
  let outside = 0;
  let residue = 0;
  for (const id of order) {
    const amount = amounts[id] ?? 0;
    if (options.mayRunOutside(id)) {
      const missing = Math.max(0, amount - (granted[id] ?? 0));
      outside += missing;
      granted[id] = (granted[id] ?? 0) + missing;
    }
    const budget = granted[id] ?? 0;
    const squeeze = amount > 0 ? Math.min(1, budget / amount) : 0;
    const children = claims.get(id) ?? [];
    const claimed = children.reduce((sum, child) => sum + child.amount * squeeze, 0);
    const fit = claimed > budget ? budget / claimed : 1;
    residue += Math.max(0, claimed - budget);
    for (const child of children) {
      granted[child.id] = (granted[child.id] ?? 0) + child.amount * squeeze * fit;
    }
    self[id] = Math.max(0, budget - Math.min(claimed, budget));
  }
  return { self, residue, outside };
}

interface Claim {
  readonly id: number;
  readonly amount: number;
}

/** Payer -> claims on it. One payer takes all; of several, each takes as much as it has beyond its other claims, in their order. */
function claimsOf(
  { amounts, payers }: SelfAmountsOptions,
  order: readonly number[],
): ReadonlyMap<number, readonly Claim[]> {
  const claims = new Map<number, Claim[]>();
  const free = [...amounts];
  const add = (payer: number, claim: Claim): void => {
    const known = claims.get(payer);
    if (known === undefined) claims.set(payer, [claim]);
    else known.push(claim);
    free[payer] = (free[payer] ?? 0) - claim.amount;
  };
  for (const id of order) {
    const paying = payers[id] ?? [];
    const [payer] = paying;
    if (payer !== undefined && paying.length === 1) add(payer, { id, amount: amounts[id] ?? 0 });
  }
  for (const id of order) {
    const paying = payers[id] ?? [];
    if (paying.length < 2) continue;
    let left = amounts[id] ?? 0;
    for (const payer of paying) {
      const share = Math.min(left, Math.max(0, free[payer] ?? 0));
      left -= share;
      add(payer, { id, amount: share });
    }
  }
  return claims;
}
