// Started by server-process.ts: one server, in a process whose CPU time is its own.
import { SERVERS } from "./servers.ts";

const start = SERVERS[process.argv[2] ?? ""];
if (start === undefined) throw new Error(`no server ${process.argv[2]}`);
const port = await start();
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMs: (user + system) / 1_000 });
});
process.send?.({ port });
// However the benchmark ends.
process.on("disconnect", () => process.exit());
