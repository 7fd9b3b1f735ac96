export { run } from "./cli.ts";
export type { CliIo, CliOutput } from "./cli-io.ts";
