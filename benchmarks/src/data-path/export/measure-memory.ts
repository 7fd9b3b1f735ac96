// Started by peak-memory.ts: serves one export over HTTP and says how much memory this process took for it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportRows } from "@upshift/postgres";
import { Pool } from "pg";
import { CountingSink } from "./counting-sink.ts";
import { EXPORT_SQL } from "./exported-table.ts";

const [url = "", format = ""] = process.argv.slice(2);
const SAMPLE_MS = 5;

const pool = new Pool({ connectionString: url, max: 2 });
const options = { format: format === "csv" ? "csv" : "ndjson" } as const;
await exportRows(pool, { text: `${EXPORT_SQL} LIMIT 100` }, new CountingSink(), options);

const baseBytes = process.memoryUsage.rss();
let peakBytes = baseBytes;
const sample = (): void => {
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
};
const timer = setInterval(sample, SAMPLE_MS);

const server = createServer((_, response) => {
  void exportRows(pool, { text: EXPORT_SQL }, response, options);
});
await once(server.listen(0, "127.0.0.1"), "listening");
const address = server.address();
const port = isAddress(address) ? address.port : 0;
// A client in this process would be measured too.
const client = spawn(process.execPath, [
  "--input-type=module",
  "-e",
  `const response = await fetch("http://127.0.0.1:${port}/"); let size = 0; for await (const chunk of response.body) size += chunk.length;`,
]);
const [code] = await once(client, "exit");
clearInterval(timer);
sample();
await pool.end();
server.close();
if (code !== 0) throw new Error("the client of the measured export failed");
process.send?.({ baseBytes, peakBytes });
process.disconnect();

function isAddress(value: unknown): value is AddressInfo {
  return typeof value === "object" && value !== null && "port" in value;
}
