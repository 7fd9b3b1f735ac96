import { spawn } from "node:child_process";
import { once } from "node:events";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Pool } from "pg";
import QueryStream from "pg-query-stream";
import { CountingSink } from "./counting-sink.ts";
import { EXPORT_SQL, EXPORTED_COLUMNS } from "./exported-table.ts";

type Row = Readonly<Record<string, unknown>>;

/** pg-query-stream, a line per row, with its rows fetched a thousand at a time. */
export async function byQueryStream(pool: Pool, line: (row: Row) => string): Promise<number> {
  const client = await pool.connect();
  const sink = new CountingSink();
  try {
    const rows = client.query(new QueryStream(EXPORT_SQL, [], { batchSize: 1_000 }));
    const lines = new Transform({
      writableObjectMode: true,
      transform(row: Row, _encoding, callback) {
        callback(null, line(row));
      },
    });
    await pipeline(rows, lines, sink);
    return sink.sizeBytes;
  } finally {
    client.release();
  }
}

export const jsonLine = (row: Row): string => `${JSON.stringify(row)}\n`;

export function csvLine(row: Row): string {
  return `${EXPORTED_COLUMNS.map((name) => csvCell(row[name])).join(",")}\r\n`;
}

function csvCell(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" ? value : toText(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function toText(value: unknown): string {
  return value instanceof Date ? value.toISOString() : JSON.stringify(value);
}

/** @returns `undefined` when there is no psql on this machine */
export async function psqlVersion(): Promise<string | undefined> {
  const child = spawn("psql", ["--version"], { stdio: ["ignore", "pipe", "ignore"] });
  const text = once(child.stdout, "data").then(([chunk]) => String(chunk).trim());
  const failed = once(child, "error").then(() => undefined);
  return Promise.race([text, failed]);
}

/** `\copy` of a query to nowhere. @returns what psql says: `COPY 500000` */
export async function byPsql(url: string, query: string): Promise<string> {
  const child = spawn("psql", ["-X", url, "-c", `\\copy (${query}) to '/dev/null'`]);
  const exit = once(child, "exit");
  let said = "";
  for await (const chunk of child.stdout) said += String(chunk);
  await exit;
  return said.trim();
}
