import { CommandError, OK, SYNTAX_ERROR } from "../server-reply.ts";
import type { Commands } from "./command.ts";

export const serverCommands: Commands = {
  ECHO: { least: 1, most: 1, run: (args) => args.text() },
  INFO: {
    least: 0,
    run: () => "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nloading:0\r\n",
  },
  PING: { least: 0, most: 1, run: (args) => (args.left > 0 ? args.text() : { ok: "PONG" }) },
  PUBLISH: { least: 2, most: 2, run: (args, { publish }) => publish(args.text(), args.text()) },
  SELECT: {
    least: 1,
    most: 1,
    run: (args) => {
      if (args.integer() !== 0) throw new CommandError("ERR DB index is out of range");
      return OK;
    },
  },
  TIME: {
    least: 0,
    most: 0,
    run: (_, { keyspace }) => {
      const microseconds = Math.floor(keyspace.nowMs * 1_000);
      return [String(Math.floor(microseconds / 1e6)), String(microseconds % 1e6)];
    },
  },
  // There are no replicas to wait for.
  WAIT: {
    least: 2,
    most: 2,
    run: (args) => (args.integer() >= 0 ? 0 : fail()),
  },
};

function fail(): never {
  throw new CommandError(SYNTAX_ERROR);
}
