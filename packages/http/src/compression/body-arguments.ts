import type { OutgoingHttpHeaders, ServerResponse } from "node:http";

/** What `write` and `end` take, in all their forms. */
export interface BodyArguments {
  readonly chunk: Uint8Array | undefined;
  readonly callback: ((error?: Error | null) => void) | undefined;
}

/** Reads `(chunk?, encoding?, callback?)`, `(chunk, callback)` and `(callback)`. */
export function readBodyArguments(values: readonly unknown[]): BodyArguments {
  const callback = values.find(isCallback);
  const [chunk, encoding] = values;
  if (typeof chunk === "string") {
    return { chunk: Buffer.from(chunk, isEncoding(encoding) ? encoding : "utf8"), callback };
  }
  return { chunk: chunk instanceof Uint8Array ? chunk : undefined, callback };
}

function isCallback(value: unknown): value is (error?: Error | null) => void {
  return typeof value === "function";
}

function isEncoding(value: unknown): value is BufferEncoding {
  return typeof value === "string" && Buffer.isEncoding(value);
}

/** Sets what `writeHead(status, reason?, fields?)` was given, fields as an object, as pairs, or as a flat list. */
export function applyHead(res: ServerResponse, values: readonly unknown[]): void {
  const [status, ...rest] = values;
  // Node takes text for a number, too.
  res.statusCode = Number(status);
  if (typeof rest[0] === "string") res.statusMessage = rest[0];
  const fields = rest.find((value) => typeof value === "object" && value !== null);
  if (Array.isArray(fields)) applyList(res, Array.isArray(fields[0]) ? fields.flat(1) : fields);
  else if (isFields(fields)) {
    for (const [name, value] of Object.entries(fields)) {
      if (value !== undefined) res.setHeader(name, value);
    }
  }
}

function applyList(res: ServerResponse, list: readonly unknown[]): void {
  const names = new Set<string>();
  for (let at = 0; at + 1 < list.length; at += 2) {
    const name = String(list[at]);
    const value: unknown = list[at + 1];
    if (!names.has(name.toLowerCase())) res.removeHeader(name);
    names.add(name.toLowerCase());
    for (const one of Array.isArray(value) ? value : [value]) res.appendHeader(name, String(one));
  }
}

function isFields(value: unknown): value is OutgoingHttpHeaders {
  return typeof value === "object" && value !== null;
}
