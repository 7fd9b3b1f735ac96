import type { Recorded } from "./recorded.ts";

/** The fields of an answer that is for one request, with `private` where the handler did not say who may keep it. */
export function headersOfRecorded({
  fields,
}: Pick<Recorded, "fields">): Record<string, string | readonly string[]> {
  const headers: Record<string, string | readonly string[]> = {};
  for (const [name, value] of fields) {
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  headers["cache-control"] ??= "private, no-cache";
  return headers;
}
