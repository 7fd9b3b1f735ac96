// Started as a server process: one server, in a process whose CPU time is its own.
import { serveFor } from "../server-process.ts";
import { SERVERS } from "./servers.ts";

const start = SERVERS[process.argv[2] ?? ""];
if (start === undefined) throw new Error(`no server ${process.argv[2]}`);
serveFor(await start());
