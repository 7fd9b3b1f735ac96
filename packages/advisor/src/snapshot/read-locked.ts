import type { Read } from "../session/read-only-session.ts";
import type { HiddenFact } from "./database-snapshot.ts";
import { quoteQualified } from "./identifier.ts";
import { LOCKED_RELATIONS_SQL } from "./sql/lock-sql.ts";

export interface LockedRelation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** `pg_class.relkind` */
  readonly kind: string;
}

export function readLockedRelations(read: Read): Promise<readonly LockedRelation[]> {
  return read<LockedRelation>(LOCKED_RELATIONS_SQL);
}

/** An index that is being rebuilt keeps its place in the snapshot: only its size is not asked for. */
export function lockedFacts(relations: readonly LockedRelation[]): readonly HiddenFact[] {
  return relations
    .filter(({ kind }) => "rpmfv".includes(kind))
    .map(({ schema, name }) => ({
      what: "locked",
      object: quoteQualified(schema, name),
      reason: `${quoteQualified(schema, name)} was left out: another session holds or awaits an exclusive lock on it, and reading its definition would wait for that. Run this again when the lock is gone.`,
      grant: null,
    }));
}
