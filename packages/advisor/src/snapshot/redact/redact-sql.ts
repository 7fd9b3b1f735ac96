import { scanSync } from "libpg-query";
import type { UserType } from "../database-snapshot.ts";
import { type ConstantRole, type ConstantRoles, findConstantRoles } from "./constant-roles.ts";
import { redactByShape } from "./literal-shape.ts";
import { valueKind } from "./value-kind.ts";
import { redactNumber, redactValue, type ValueMaps } from "./value-redactor.ts";

export interface SqlRedaction {
  readonly maps: ValueMaps;
  readonly types: readonly UserType[];
  /** True for strings that are values of a text column. */
  readonly isText: (value: string) => boolean;
}

/** What a piece of SQL is, so that the grammar can read it: the statement around it. */
export interface SqlFrame {
  readonly before: string;
  readonly after: string;
}

export const STATEMENT: SqlFrame = { before: "", after: "" };
export const EXPRESSION: SqlFrame = { before: "SELECT ", after: "" };
export const CONSTRAINT: SqlFrame = { before: "ALTER TABLE t ADD CONSTRAINT c ", after: "" };
export const PARTITION_KEY: SqlFrame = { before: "CREATE TABLE t () PARTITION BY ", after: "" };
export const PARTITION_BOUND: SqlFrame = { before: "CREATE TABLE t PARTITION OF p ", after: "" };

/**
 * Replaces the constants of a piece of SQL and removes its comments; names and structure stay.
 *
 * @returns `null` when it is no SQL at all (an open quote), so that nothing of it can be kept
 */
export function redactSql(sql: string, frame: SqlFrame, redaction: SqlRedaction): string | null {
  const whole = `${frame.before}${sql}${frame.after}`;
  const tokens = scan(whole);
  if (tokens === null) return null;
  const roles = rolesOf(whole);
  const bytes = Buffer.from(whole, "utf8");
  let redacted = "";
  let at = 0;
  for (const [index, token] of tokens.entries()) {
    redacted += bytes.toString("utf8", at, token.start);
    at = token.end;
    const text = bytes.toString("utf8", token.start, token.end);
    redacted += redactToken({ token, text, previous: tokens[index - 1], roles }, redaction);
  }
  redacted += bytes.toString("utf8", at);
  // White space behind a trailing comment is all that may be left over.
  return redacted.slice(frame.before.length).trim();
}

interface Token {
  readonly start: number;
  readonly end: number;
  readonly tokenName: string;
  readonly text: string;
}

function scan(sql: string): readonly Token[] | null {
  try {
    return scanSync(sql).tokens;
  } catch {
    return null;
  }
}

function rolesOf(sql: string): ConstantRoles | null {
  try {
    return findConstantRoles(sql);
  } catch {
    // Without a tree every constant counts as a value.
    return null;
  }
}

interface TokenInContext {
  readonly token: Token;
  readonly text: string;
  readonly previous: Token | undefined;
  readonly roles: ConstantRoles | null;
}

function redactToken(
  { token, text, previous, roles }: TokenInContext,
  redaction: SqlRedaction,
): string {
  switch (token.tokenName) {
    case "SQL_COMMENT":
    case "C_COMMENT":
      return " ";
    case "ICONST":
    case "FCONST": {
      const role = roleOf(token, previous, roles);
      if (role === undefined || role.role === "structure") return text;
      return redactNumber(text.replaceAll("_", ""), redaction.maps) ?? "0";
    }
    case "SCONST":
      return redactString(text, { previous, role: roles?.get(token.start) }, redaction);
    default:
      return redactOtherConstant(text);
  }
}

/** The grammar places a negative number at its sign. Numbers that are no constants in the tree are sizes and options. */
function roleOf(
  token: Token,
  previous: Token | undefined,
  roles: ConstantRoles | null,
): ConstantRole | undefined {
  if (roles === null) return /^(?:limit|offset)$/i.test(previous?.text ?? "") ? undefined : VALUE;
  return roles.get(token.start) ?? (previous === undefined ? undefined : roles.get(previous.start));
}

const VALUE: ConstantRole = { role: "value" };

/** `B'101'`, `X'1FF'`, and the two kinds of Unicode text, which the scanner has no names for. */
function redactOtherConstant(text: string): string {
  const match = /^(b|x|n|u&)'/i.exec(text);
  const prefix = match?.[1]?.toLowerCase();
  if (prefix === undefined) return /^(?:u&)"/i.test(text) || !text.includes("'") ? text : "''";
  return prefix === "b" || prefix === "x"
    ? `${prefix.toUpperCase()}'${"0".repeat(Math.max(0, text.length - 3))}'`
    : "'redacted'";
}

function redactString(
  text: string,
  {
    previous,
    role,
  }: { readonly previous: Token | undefined; readonly role: ConstantRole | undefined },
  redaction: SqlRedaction,
): string {
  const value = decodeString(text);
  if (text.startsWith("$") && /^as$/i.test(previous?.text ?? "")) {
    return redactBody(text, value, redaction);
  }
  if (role?.role === "structure") return text;
  if (role?.role === "pattern") return quote(redactPattern(value, redaction.maps));
  if (role?.role === "typed") {
    const kind = valueKind(role.type, redaction.types);
    if (kind.kind === "kept") return text;
    // A cast to text of what is then read as something else, and types that cannot be made up.
    if (kind.kind !== "unknown") {
      const redacted = redactValue(value, kind, redaction.maps);
      if (redacted !== null) return quote(redacted);
    }
  }
  return quote(redactByShape(value, redaction.maps, redaction.isText));
}

/** The body of an SQL function is SQL; anything else in a body is never planned, and goes. */
function redactBody(text: string, body: string, redaction: SqlRedaction): string {
  const tag = /^\$[^$]*\$/.exec(text)?.[0] ?? "$$";
  return `${tag}${redactSql(body, STATEMENT, redaction) ?? ""}${tag}`;
}

/** The wildcards stay; the text before the first, and what stands between them, are replaced. */
function redactPattern(pattern: string, maps: ValueMaps): string {
  let isFirst = !/^[%_]/.test(pattern);
  return pattern.replaceAll(/(?:[^%_\\]|\\.)+/gs, (run) => {
    const text = run.replaceAll(/\\(.)/gs, "$1");
    const replaced =
      isFirst && /[%_]/.test(pattern) ? maps.texts.replacePrefix(text) : maps.texts.replace(text);
    isFirst = false;
    return replaced.replaceAll(/[\\%_]/g, "\\$&");
  });
}

function decodeString(text: string): string {
  if (text.startsWith("$")) {
    const tag = /^\$[^$]*\$/.exec(text)?.[0] ?? "";
    return text.slice(tag.length, -tag.length);
  }
  const inner = text.slice(text.indexOf("'") + 1, -1).replaceAll("''", "'");
  return /^e'/i.test(text) ? inner.replaceAll(/\\(.)/gs, "$1") : inner;
}

function quote(value: string): string {
  const doubled = value.replaceAll("'", "''");
  return value.includes("\\") ? `E'${doubled.replaceAll("\\", "\\\\")}'` : `'${doubled}'`;
}
