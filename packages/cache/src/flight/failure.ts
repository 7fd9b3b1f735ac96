/** How a load failed, for the processes that waited for it: name, code and message. The stack stays here. */
export function writeFailure(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify({ name: "Error", message: String(error) });
  const code = "code" in error && typeof error.code === "string" ? { code: error.code } : {};
  return JSON.stringify({ name: error.name, message: error.message, ...code });
}

export function readFailure(text: string): Error {
  let facts: unknown;
  try {
    facts = JSON.parse(text);
  } catch {
    facts = undefined;
  }
  const { name, message, code } = Object(facts);
  const error = new Error(typeof message === "string" ? message : "unknown");
  if (typeof name === "string") error.name = name;
  return typeof code === "string" ? Object.assign(error, { code }) : error;
}
