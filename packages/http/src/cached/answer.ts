/** What to send. */
export interface Answer {
  readonly status: number;
  /** Name, value, name, value, …, in lower case: the form that node:http writes without making another. Not to be changed; mutable for its type only. */
  readonly fields: string[];
  /** `undefined` where there is none to send: 304, 412, HEAD. */
  readonly body: Uint8Array | undefined;
  /** A small body once more, a character for each byte: node:http sends it together with the head in one string. */
  readonly latin1?: string;
}

/** The fields as an object; several of a name as a list. */
export function headersOf({
  fields,
}: Pick<Answer, "fields">): Record<string, string | readonly string[]> {
  const headers: Record<string, string | readonly string[]> = {};
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const name = fields[index] ?? "";
    const value = fields[index + 1] ?? "";
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  return headers;
}
