export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/** What a supervisor is told. `{folder}` in files, texts and arguments stands for the folder it creates. */
export interface Specification {
  readonly parentFolder: string;
  readonly folderPrefix: string;
  /** Run the commands as this user; the supervisor itself keeps the parent's. */
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly environment: Readonly<Record<string, string>>;
  readonly copies: readonly { readonly from: string; readonly to: string }[];
  readonly files: readonly { readonly file: string; readonly text: string }[];
  /** Run one after another before the server; each must end with code 0. */
  readonly setup: readonly Command[];
  readonly server: Command;
  readonly stopSignal: NodeJS.Signals;
}

/** A line that a supervisor writes. */
export interface SupervisorEvent {
  readonly event: "folder" | "started" | "running" | "failed" | "exited" | "kept";
  readonly folder?: string;
  readonly logFile?: string;
  readonly pid?: number;
  readonly what?: string;
  readonly code?: number | null;
  readonly signal?: string | null;
  readonly log?: string;
}
