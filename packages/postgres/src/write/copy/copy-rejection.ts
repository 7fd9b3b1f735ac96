import { field } from "../run/rejection.ts";
import type { CopyGroup } from "./copy-group.ts";

/** The server refused a row of a COPY. Caught within this package: `locateCopied` makes a `BadRowError` of it. */
export class CopyRejection extends Error {
  readonly group: CopyGroup;
  /** Place of the row in the group, where the server names its line in English. */
  readonly place: number | undefined;

  constructor(cause: unknown, group: CopyGroup, relationName: string) {
    super("COPY was refused", { cause });
    this.group = group;
    // COPY's own context is the last line; what a trigger adds stands above it, and after the number comes the row.
    const context = field(cause, "where")?.split("\n").at(-1) ?? "";
    const start = `COPY ${relationName}, line `;
    const line = context.startsWith(start) ? Number.parseInt(context.slice(start.length), 10) : 0;
    this.place = line >= 1 && line <= group.rows.length ? line - 1 : undefined;
  }
}
