import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { stream } from "@upshift/http";
import { exportRows, streamRows } from "@upshift/postgres";
import type { Pool } from "pg";
import { EXPORT_SQL } from "../../data-path/export/exported-table.ts";

/** A way to send the rows of a table as NDJSON. */
export interface Way {
  readonly label: string;
  readonly path: string;
  readonly accepts: "br" | "gzip" | "identity";
  send(response: ServerResponse, pool: Pool): Promise<unknown>;
}

const QUERY = { text: EXPORT_SQL } as const;
const NDJSON = { format: "ndjson" } as const;
/** As many as `streamRows` of the table has in a quick run. */
const GENERATED_COUNT = 100_000;

export const EXPORT_ALONE = "exportRows to the response itself";
export const STREAM_EXPORT = "stream of exportRows";
export const STREAM_ROWS = "stream of streamRows";
export const WRITE_ROWS = "for await of streamRows, response.write";
export const STREAM_GENERATED = "stream of a generator";
export const WRITE_GENERATED = "for await of it, response.write";

const streamExport: Way["send"] = (response, pool) =>
  stream(response, (context, to) => exportRows(pool, QUERY, to, context), NDJSON);

export const WAYS: readonly Way[] = [
  {
    label: EXPORT_ALONE,
    path: "/export",
    accepts: "identity",
    send: (response, pool) => exportRows(pool, QUERY, response, { ...NDJSON, onEnd: "none" }),
  },
  { label: STREAM_EXPORT, path: "/stream", accepts: "identity", send: streamExport },
  { label: `${STREAM_EXPORT}, gzip`, path: "/gzip", accepts: "gzip", send: streamExport },
  { label: `${STREAM_EXPORT}, brotli`, path: "/br", accepts: "br", send: streamExport },
  {
    label: STREAM_ROWS,
    path: "/rows",
    accepts: "identity",
    send: (response, pool) =>
      stream(response, ({ signal }) => streamRows(pool, QUERY, { signal }), NDJSON),
  },
  {
    label: WRITE_ROWS,
    path: "/rows-written",
    accepts: "identity",
    send: (response, pool) => writeEach(response, streamRows(pool, QUERY)),
  },
  {
    label: STREAM_GENERATED,
    path: "/generated",
    accepts: "identity",
    send: (response) => stream(response, generated(), NDJSON),
  },
  {
    label: WRITE_GENERATED,
    path: "/generated-written",
    accepts: "identity",
    send: (response) => writeEach(response, generated()),
  },
];

/** What people write by hand. */
async function writeEach(response: ServerResponse, rows: AsyncIterable<unknown>): Promise<void> {
  response.setHeader("content-type", "application/x-ndjson");
  for await (const row of rows)
    if (!response.write(`${JSON.stringify(row)}\n`)) await once(response, "drain");
  response.end();
}

async function* generated(): AsyncGenerator {
  for (let id = 1; id <= GENERATED_COUNT; id += 1) {
    const email = `customer${id}@example.com`;
    yield { id, email, amount: (id % 100_000) / 100, note: `A note, with some text, ${id}` };
  }
}
