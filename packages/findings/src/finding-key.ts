import type { RuleId } from "./catalogue/rule.ts";

export interface FindingKeyParts {
  readonly rule: RuleId;
  /** What makes two findings of one rule different: a normalised query, an index name, a table. */
  readonly fingerprint: string;
  /** Path from the project's root, where the finding has one. */
  readonly file?: string;
  /** The function around the place, where the finding has one. */
  readonly function?: string;
}

/**
 * The key by which a baseline knows a finding again: 16 hex digits.
 *
 * A pure hash of rule, fingerprint, file and enclosing function: no line number, so that it survives edits above it.
 */
export function findingKey(parts: FindingKeyParts): string {
  return fnv1a64(
    JSON.stringify([parts.rule, parts.fingerprint, parts.file ?? null, parts.function ?? null]),
  );
}

/** FNV-1a, 64 bits, over UTF-8: node:crypto does not exist in the browsers that read plans. Source: draft-eastlake-fnv. */
function fnv1a64(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, "0");
}
