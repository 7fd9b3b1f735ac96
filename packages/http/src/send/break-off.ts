import type { ServerResponse } from "node:http";
import { Socket } from "node:net";

/** Closes the connection so that nobody takes what was sent for all there is. */
export function breakOff(response: ServerResponse): void {
  if (response.destroyed) return;
  response.on("error", () => undefined);
  if ("stream" in response) {
    // HTTP/2 ends a stream in order unless there is an error.
    response.destroy(new Error("the response broke off"));
    return;
  }
  // Without chunks, for a client of HTTP/1.0, the end of the connection is the end of the body: only a reset is none.
  if (!response.chunkedEncoding) reset(response.socket);
  response.destroy();
}

/** Below TLS there is the connection that can be reset; Node has no public name for it. A socket of the file system knows no reset. */
function reset(socket: Socket | null): void {
  const below: unknown = socket === null ? undefined : Reflect.get(socket, "_parent");
  try {
    (below instanceof Socket ? below : socket)?.resetAndDestroy();
  } catch {
    // Destroying it is all that can be done.
  }
}
