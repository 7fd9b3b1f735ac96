/** A reply inside the server: a string holds bytes; `{ ok }` is a simple string, `{ err }` an error. */
export type ServerReply =
  | number
  | string
  | null
  | { readonly ok: string }
  | { readonly err: string }
  | readonly ServerReply[];

export const OK: ServerReply = { ok: "OK" };

export function isError(reply: ServerReply): reply is { readonly err: string } {
  return typeof reply === "object" && reply !== null && "err" in reply;
}

export function isMany(reply: ServerReply): reply is readonly ServerReply[] {
  return Array.isArray(reply);
}

/** What a command is refused with, as Redis words it. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

export const NOT_AN_INTEGER = "ERR value is not an integer or out of range";
export const NOT_A_FLOAT = "ERR value is not a valid float";
export const SYNTAX_ERROR = "ERR syntax error";
