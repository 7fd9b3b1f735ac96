import { PlanParseError, type UnreadableKind } from "../plan-errors.ts";

/** The error for a text in which no plan was found: says what it looks like instead. */
export function refusalOf(text: string): PlanParseError {
  return new PlanParseError(kindOf(text));
}

/** Looks at the beginning only; a plan's kind shows there. */
const LOOKED_AT = 20_000;

function kindOf(text: string): UnreadableKind {
  const start = text.slice(0, LOOKED_AT);
  if (start.trim() === "") return "empty";
  if (isBinary(start)) return "binary";
  if (/<explain\b|<\?xml|<Node-Type>/i.test(start)) return "xml";
  if (/^[\s"|│+-]*(?:- )?Plan:\s*[+↵|│]?\s*$/m.test(start) && /Node Type: /.test(start))
    return "yaml";
  if (/^\s*(?:psql:.*)?ERROR:\s/m.test(start)) return "error";
  if (
    /^[\s(]*(?:--.*\n|\/\*[\s\S]*?\*\/|\s)*(?:explain|select|with|insert|update|delete|merge|values|table)\b/i.test(
      start,
    )
  ) {
    return "sql";
  }
  if (/^\s*[[{]/.test(start)) return isJson(text) ? "json-without-plan" : "invalid-json";
  return "text";
}

/** Control characters, or many bytes that were no UTF-8: nothing that a person pasted as text. */
export function isBinary(start: string): boolean {
  let odd = 0;
  for (let at = 0; at < start.length; at += 1) {
    const code = start.charCodeAt(at);
    if (code === 0) return true;
    if ((code < 32 && code !== 9 && code !== 10 && code !== 13 && code !== 12) || code === 0xfffd) {
      odd += 1;
    }
  }
  return odd > Math.max(2, start.length / 100);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
