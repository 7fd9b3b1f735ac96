import type { Read, ReadOnlySession } from "../session/read-only-session.ts";
import type { SectionFailure } from "../session/section-failure.ts";
import type { HiddenFact } from "./database-snapshot.ts";
import { SnapshotFailedError } from "./snapshot-errors.ts";

interface OptionalSection<T> {
  readonly what: HiddenFact["what"];
  /** Stands in when the section cannot be read. */
  readonly fallback: T;
  readonly ownTransaction?: boolean;
}

/** Runs the sections of a snapshot one after the other and collects what could not be read. */
export interface SectionRunner {
  readonly hidden: readonly HiddenFact[];
  /** @throws {SnapshotFailedError} when the section cannot be read */
  required<T>(name: string, work: (read: Read) => Promise<T>): Promise<T>;
  optional<T>(
    name: string,
    work: (read: Read) => Promise<T>,
    section: OptionalSection<T>,
  ): Promise<T>;
}

export function createSectionRunner(
  session: ReadOnlySession,
  onSection: (name: string) => void,
): SectionRunner {
  const hidden: HiddenFact[] = [];
  return {
    hidden,
    required: async (name, work) => {
      onSection(name);
      const outcome = await session.section(name, work);
      if (outcome.ok) return outcome.value;
      throw new SnapshotFailedError(name, outcome.failure.message, outcome.failure.sqlState);
    },
    optional: async (name, work, { what, fallback, ownTransaction = false }) => {
      onSection(name);
      const outcome = await session.section(name, work, { ownTransaction });
      if (outcome.ok) return outcome.value;
      hidden.push({
        what,
        object: null,
        reason: `${name} could not be read: ${explain(outcome.failure)}`,
        grant: null,
      });
      return fallback;
    },
  };
}

function explain({ kind, message }: SectionFailure): string {
  switch (kind) {
    case "timeout":
      return "it took longer than the statement timeout.";
    case "lock":
      return "another session holds a lock that it would have waited for.";
    case "permission":
    case "other":
      return `${message}.`;
    default:
      return kind satisfies never;
  }
}
