import type { Argument, Reply } from "../redis.ts";
import { toBytes, toText } from "./lua/lua-value.ts";
import { isError, isMany, type ServerReply } from "./server-reply.ts";

/** An argument as bytes, one per character. */
export function argumentBytes(argument: Argument): string {
  if (typeof argument === "string") return toBytes(argument);
  return typeof argument === "number" ? String(argument) : argument.toString("latin1");
}

/** The reply as the port gives it. An error within an array has nowhere else to go and becomes its text. */
export function replyOf(reply: ServerReply, asBuffers: boolean): Reply {
  if (reply === null || typeof reply === "number") return reply;
  if (isMany(reply)) return reply.map((item) => replyOf(item, asBuffers));
  if (typeof reply === "string") return asBuffers ? Buffer.from(reply, "latin1") : toText(reply);
  return replyOf(isError(reply) ? reply.err : reply.ok, asBuffers);
}
