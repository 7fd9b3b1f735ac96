import { rankFindings } from "@upshift/findings";
import { findingToJson } from "@upshift/findings/json";
import { neutralise, type Paint, renderFindings } from "@upshift/findings/terminal";
import type { PlanTreeStyle } from "@upshift/plan";
import type { Command } from "commander";
import type { CliIo } from "../cli-io.ts";
import { exitCodeFor, type FailOn } from "../exit-codes.ts";
import { readInput } from "../output/read-input.ts";
import type { Screen } from "../output/screen.ts";
import { createContext } from "./command-context.ts";
import { addOutputOptions, failOnOption, type OutputOptions } from "./command-options.ts";

interface ExplainOptions extends OutputOptions {
  readonly failOn: FailOn;
}

const HELP = `
The plan may be text or JSON, with psql's frame around it or without. It never leaves this machine.

Examples:
  $ psql -c "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT …" | upshift explain
  $ upshift explain plan.txt
  $ upshift explain --json < plan.json

Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 not a plan`;

export function addExplainCommand(
  program: Command,
  io: CliIo,
  finish: (exitCode: number) => void,
): void {
  const command = program
    .command("explain")
    .description("read a query plan: its tree with self times, and what is slow in it")
    .argument("[file]", "file with the plan; - or nothing reads standard input")
    .addOption(failOnOption("never"));
  addOutputOptions(command)
    .addHelpText("after", HELP)
    .action(async (file: string | undefined, options: ExplainOptions) => {
      // Nobody pipes anything: waiting for a person to type a plan would look like a hang.
      if (file === undefined && io.stdin.isTTY === true) command.help();
      finish(await explain(file ?? "-", options, io));
    });
}

async function explain(file: string, options: ExplainOptions, io: CliIo): Promise<number> {
  const context = createContext(io, options);
  const { analyzePlan, diagnosePlan, explainJson, parsePlan, renderPlanTree } =
    await import("@upshift/plan");
  const plan = parsePlan(await readInput(file, "a query plan of PostgreSQL", io));
  const analysis = analyzePlan(plan);
  // What was pasted is shown as it is: it came from this person.
  const findings = rankFindings(diagnosePlan(plan, { analysis, withValues: true }));
  if (options.json === true) {
    context.printJson({
      ...explainJson(plan, analysis, findings),
      findings: findings.map(findingToJson),
    });
  } else {
    const { screen } = context;
    context.print(
      renderPlanTree(plan, analysis, { width: screen.width, style: treeStyle(screen) }),
    );
    const text = findings.length === 0 ? "No findings." : renderFindings(findings, screen);
    context.print(`\n${text}`);
  }
  return exitCodeFor(findings, options.failOn);
}

/** Colours of the tree. A pasted plan may hold anything: no part of it acts on the terminal. */
function treeStyle({ palette }: Screen): PlanTreeStyle {
  return {
    heading: safely(palette.faint),
    node: safely((text) => text),
    hot: safely(palette.strong),
    detail: safely(palette.faint),
    warning: safely(palette.severity.warn),
  };
}

function safely(paint: Paint): Paint {
  return (text) => paint(neutralise(text));
}
