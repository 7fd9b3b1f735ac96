import { catalogue, type Rule, rulePage } from "@upshift/findings";
import { wrapText } from "@upshift/findings/terminal";
import type { Command } from "commander";
import { RuleUnknownError } from "../cli-errors.ts";
import type { CliIo } from "../cli-io.ts";
import { EXIT_OK } from "../exit-codes.ts";
import { type CommandContext, createContext } from "./command-context.ts";
import { addOutputOptions, type OutputOptions } from "./command-options.ts";
import { nearest } from "./nearest.ts";

const HELP = `
Examples:
  $ upshift rules                  all rules, offline
  $ upshift rules index/missing    one rule with its thresholds
  $ upshift rules --json

Exit codes: 0 printed, 2 there is no such rule`;

export function addRulesCommand(
  program: Command,
  io: CliIo,
  finish: (exitCode: number) => void,
): void {
  const command = program
    .command("rules")
    .description("print the slow forms that Upshift knows")
    .argument("[id]", "a rule's id, such as index/missing");
  addOutputOptions(command)
    .addHelpText("after", HELP)
    .action((id: string | undefined, options: OutputOptions) => {
      finish(printRules(id, options, createContext(io, options)));
    });
}

function printRules(
  id: string | undefined,
  options: OutputOptions,
  context: CommandContext,
): number {
  const rules = id === undefined ? catalogue : [ruleNamed(id)];
  if (options.json === true) {
    context.printJson({
      schemaVersion: 1,
      rules: rules.map((rule) => ({ ...rule, page: `docs/${rulePage(rule.id)}` })),
    });
  } else if (id === undefined) {
    context.print(rules.map((rule) => ruleLines(rule, context)).join("\n"));
    context.print("\n(planned) marks rules whose detector is not there yet.");
  } else {
    context.print(rules.map((rule) => ruleText(rule, context)).join("\n\n"));
  }
  return EXIT_OK;
}

function ruleNamed(id: string): Rule {
  const rule = catalogue.find((candidate) => candidate.id === id);
  if (rule !== undefined) return rule;
  throw new RuleUnknownError(
    id,
    nearest(
      id,
      catalogue.map((candidate) => candidate.id),
    ),
  );
}

function ruleLines(rule: Rule, { screen }: CommandContext): string {
  const indent = "    ";
  const state = rule.ready.length === 0 ? screen.palette.faint(" (planned)") : "";
  const head = `${screen.palette.severity[rule.severity](rule.severity.padEnd(6))}${screen.palette.strong(rule.id)}${state}`;
  const title = wrapText(rule.title, screen.width - indent.length);
  return [head, ...title.map((line) => indent + line)].join("\n");
}

function ruleText(rule: Rule, { screen }: CommandContext): string {
  const thresholds = Object.entries(rule.thresholds).map(([name, value]) => `${name} ${value}`);
  const facts = [
    ["severity", rule.severity],
    ["found by", rule.detectors.join(", ")],
    ["ready", rule.ready.length === 0 ? "planned" : rule.ready.join(", ")],
    ["thresholds", thresholds.length === 0 ? "none" : thresholds.join(", ")],
    ["guide rows", rule.guideRows.length === 0 ? "none" : rule.guideRows.join(", ")],
    ["page", `docs/${rulePage(rule.id)}`],
  ] as const;
  return [
    screen.palette.strong(rule.id),
    ...wrapText(rule.title, screen.width),
    "",
    ...facts.flatMap(([label, value]) =>
      wrapText(value, screen.width - 14).map(
        (line, index) => `  ${(index === 0 ? label : "").padEnd(12)}${line}`,
      ),
    ),
  ].join("\n");
}
