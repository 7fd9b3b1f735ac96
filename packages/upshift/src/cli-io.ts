/** Where the CLI reads and writes: the process's own streams, or a test's. */
export interface CliIo {
  readonly stdin: AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean | undefined };
  readonly stdout: CliOutput;
  readonly stderr: CliOutput;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly homeFolder: string;
  /** Aborted by Ctrl-C: what runs stops, cleans up, and the exit code is 130. */
  readonly signal: AbortSignal;
}

export type CliOutput = NodeJS.WritableStream & {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
};
