import { InvalidArgumentError } from "@upshift/foundation";
import type { Command } from "./link.ts";

/**
 * What TypeScript would have refused. The clients write some of it as text that nobody meant (`undefined`, `[object Object]`), and a command without a name is never answered, so that all
 * replies after it would be those of others.
 *
 * @returns `undefined` when the command can be sent
 */
export function faultOf(command: Command): InvalidArgumentError | undefined {
  if (typeof command[0] !== "string" || command[0] === "")
    return new InvalidArgumentError("a command with a name", typeof command[0]);
  for (const argument of command) {
    if (typeof argument === "string" || typeof argument === "number" || Buffer.isBuffer(argument))
      continue;
    // The type, not the value: it may be somebody's data.
    const type = argument === null ? "null" : typeof argument;
    return new InvalidArgumentError(
      `strings, numbers and buffers as arguments of ${command[0]}`,
      type,
    );
  }
  return undefined;
}
