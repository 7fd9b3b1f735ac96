import type { Clock } from "@upshift/foundation";
import type { Charge } from "./limit-store.ts";
import type { Policy } from "./policy.ts";

/** Remembers who has to wait, so that a flood from one key costs Redis nothing until the wait is over. */
export interface DenialCache {
  /** The debts of a key that is known to be denied `cost` now. */
  find(key: string, cost: number): readonly number[] | undefined;
  /** @param askedAtMs - the refusal is from then or later: counted from a late answer it would outlast the wait */
  add(key: string, charge: Charge, askedAtMs: number): void;
  forget(key: string): void;
}

const US_PER_MS = 1_000;

/**
 * Time pays debts back and others only add to them, so who was denied stays denied until the wait has passed; only what somebody gives back elsewhere is seen late.
 *
 * @param maxKeys - beyond it the one that was denied longest ago is forgotten
 */
export function createDenialCache(
  policies: readonly Policy[],
  clock: Clock,
  maxKeys: number,
): DenialCache {
  const denials = new Map<string, { readonly atMs: number; readonly debtsUs: readonly number[] }>();
  return {
    find(key, cost) {
      if (denials.size === 0) return undefined;
      const denial = denials.get(key);
      if (denial === undefined) return undefined;
      const paidUs = (clock.now() - denial.atMs) * US_PER_MS;
      // A clock that was set back would make the wait longer by as much.
      if (paidUs < 0) {
        denials.delete(key);
        return undefined;
      }
      const debtsUs = denial.debtsUs.map((debtUs) => Math.max(0, debtUs - paidUs));
      const isDenied = policies.some(
        ({ intervalUs, capacityUs }, index) =>
          (debtsUs[index] ?? 0) + cost * intervalUs > capacityUs,
      );
      if (isDenied) return debtsUs;
      if (cost === 1) denials.delete(key);
      return undefined;
    },
    add(key, { debtsUs }, askedAtMs) {
      denials.delete(key);
      denials.set(key, { atMs: askedAtMs, debtsUs });
      for (const oldest of denials.keys()) {
        if (denials.size <= maxKeys) break;
        denials.delete(oldest);
      }
    },
    forget(key) {
      denials.delete(key);
    },
  };
}
