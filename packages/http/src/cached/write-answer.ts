import type { ServerResponse } from "node:http";
import { CONTENT_FIELDS } from "../send/header-fields.ts";
import { writePlanned } from "../send/write-planned.ts";
import { type Answer, headersOf } from "./answer.ts";

/** Fields that do not simply replace what was set before. */
const MERGED: ReadonlySet<string> = new Set(["set-cookie", "vary"]);

/** Writes an answer, and what was set on the response before. */
export function writeAnswer(response: ServerResponse, answer: Answer): void {
  const { status, fields, body, latin1 } = answer;
  if (canWriteOver(response, body === undefined)) {
    response.writeHead(status, fields);
    if (latin1 === undefined) response.end(body);
    else response.end(latin1, "latin1");
    return;
  }
  void writePlanned(response, { status, headers: headersOf(answer), body });
}

/** Node replaces what was set before by what is given with the head; that is right for all fields but a few. */
function canWriteOver(response: ServerResponse, isWithoutBody: boolean): boolean {
  for (const name of response.getHeaderNames()) {
    if (MERGED.has(name) || (isWithoutBody && CONTENT_FIELDS.includes(name))) return false;
    // Node would send both.
    if (name === "transfer-encoding" || name === "content-length") return false;
  }
  return true;
}
