import { Kysely, PostgresDialect } from "kysely";
import { createPaginator, PostgresPaginationDialect } from "kysely-cursor";
import type { Pool } from "pg";

interface Posts {
  readonly posts: {
    readonly id: string;
    readonly created_at: Date;
    readonly score: number | null;
    readonly title: string;
    readonly author_id: number;
  };
}

export interface IdRow {
  readonly id: string;
}

/** One page by kysely-cursor, the newest first. @param depth - rows before it */
export async function kyselyPage(
  pool: Pool,
  depth: number,
  pageSize: number,
): Promise<() => Promise<readonly IdRow[]>> {
  const db = new Kysely<Posts>({ dialect: new PostgresDialect({ pool }) });
  const paginator = createPaginator({ dialect: PostgresPaginationDialect });
  const read = (cursor: { readonly offset: number } | { readonly nextPage: string }) =>
    paginator.paginate({
      query: db.selectFrom("posts").select(["id", "created_at", "score", "title", "author_id"]),
      sorts: [
        { col: "created_at", dir: "desc" },
        { col: "id", dir: "desc" },
      ],
      limit: pageSize,
      cursor,
    });
  const { nextPage } = await read({ offset: depth - pageSize });
  if (nextPage === undefined) throw new Error("kysely-cursor gave no next page");
  return async () => (await read({ nextPage })).items;
}
