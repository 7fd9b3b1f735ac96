import { type Agent, request } from "node:http";

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  /** Names in lower case; several fields of a name joined with `, `. */
  readonly fields: Readonly<Record<string, string>>;
  /** As often as each name came. */
  readonly counts: Readonly<Record<string, number>>;
  /** Not decoded. */
  readonly body: Buffer;
}

/** One request without anything that a client would add, but `Host`. */
export function rawRequest(options: {
  readonly port: number;
  readonly agent: Agent;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}): Promise<RawAnswer> {
  const { port, agent, method, path } = options;
  const headers = Object.fromEntries(
    Object.entries(options.headers).map(([name, value]) => [
      name,
      typeof value === "string" ? value : [...value],
    ]),
  );
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, agent, method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const fields: Record<string, string> = {};
        const counts: Record<string, number> = {};
        for (let at = 0; at < response.rawHeaders.length; at += 2) {
          const name = response.rawHeaders[at]?.toLowerCase() ?? "";
          const value = response.rawHeaders[at + 1] ?? "";
          fields[name] = name in fields ? `${fields[name]}, ${value}` : value;
          counts[name] = (counts[name] ?? 0) + 1;
        }
        resolve({ status: response.statusCode ?? 0, fields, counts, body: Buffer.concat(chunks) });
      });
    });
    sent.on("error", reject);
    sent.end();
  });
}
