import { connect } from "node:net";

const TIMEOUT_MS = 2_000;

/**
 * One command on a connection of its own, without a client library: what tests ask a server behind the back of what they test.
 *
 * @returns the reply as Redis writes it, without the line end of its last line: `+PONG`, `:1`, `$3\\r\\nfoo`, `-ERR …`
 * @throws when the server does not answer within 2 s
 */
export async function redisCommand(port: number, args: readonly string[]): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" });
    let reply = "";
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(TIMEOUT_MS, () => fail(new Error(`no reply to ${args[0] ?? ""}`)));
    socket.once("error", fail);
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      reply += chunk;
    });
    // QUIT makes the server close after its reply, whatever that is made of.
    socket.once("close", () => resolve(reply.replace(/\+OK\r\n$/, "").replace(/\r\n$/, "")));
    socket.write(`${encode(args)}${encode(["QUIT"])}`);
  });
}

function encode(args: readonly string[]): string {
  const parts = args.map((each) => `$${Buffer.byteLength(each)}\r\n${each}\r\n`);
  return `*${args.length}\r\n${parts.join("")}`;
}
