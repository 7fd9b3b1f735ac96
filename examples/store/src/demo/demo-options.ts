import { parseArgs } from "node:util";
import { InvalidArgumentError } from "@upshift/foundation";

export interface DemoOptions {
  readonly help: boolean;
  /** Leave the server running at the end. */
  readonly keep: boolean;
  readonly scale: number;
  readonly color: boolean;
}

export const DEMO_HELP = `Usage: npm start [-- options]

Starts a PostgreSQL server in a temp folder, fills it with a shop (400,000 orders), plays what the users of the shop ask,
lets \`upshift doctor\` look at it, applies the advice, and plays the same again.

Options:
  --keep        leave the server running at the end, and say how to reach and how to stop it
  --scale <n>   size of the shop; 1 is 400,000 orders, 0.05 is quick (default: 1)
  --no-color    no colours (also NO_COLOR)
  --help        this text

Ctrl-C at any moment stops everything and removes every file.`;

/** @throws {InvalidArgumentError} for an unknown option or a scale that is no number */
export function parseDemoOptions(
  args: readonly string[],
  environment: Readonly<NodeJS.ProcessEnv>,
): DemoOptions {
  const { values } = parse(args);
  const scale = Number(values.scale);
  if (!(scale >= 0.001 && scale <= 10))
    throw new InvalidArgumentError("`--scale` from 0.001 to 10", values.scale);
  return {
    help: values.help,
    keep: values.keep,
    scale,
    color: !values["no-color"] && (environment["NO_COLOR"] ?? "") === "",
  };
}

function parse(args: readonly string[]): {
  readonly values: {
    readonly help: boolean;
    readonly keep: boolean;
    readonly scale: string;
    readonly "no-color": boolean;
  };
} {
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: "boolean", short: "h", default: false },
        keep: { type: "boolean", default: false },
        scale: { type: "string", default: "1" },
        "no-color": { type: "boolean", default: false },
      },
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidArgumentError("options that `--help` lists", reason);
  }
}
