import type { CommandContext } from "../commands/command-context.ts";
import type { AdviceOptions, OutputOptions } from "../commands/command-options.ts";
import { writePrivateFile } from "../output/write-file.ts";
import { type DatabaseReport, reportSql } from "./database-report.ts";
import { renderReport, type RenderReportOptions } from "./render-report.ts";
import { reportJson } from "./report-json.ts";

/** Prints a report in the form that was asked for, and writes the JSON file where one was. */
export async function deliverReport(
  report: DatabaseReport,
  options: OutputOptions & AdviceOptions,
  context: CommandContext,
  { sqlCommand, shown }: Pick<RenderReportOptions, "sqlCommand" | "shown">,
): Promise<void> {
  // Before anything is printed: a file that cannot be written is an error, not half a report.
  if (options.jsonFile !== undefined) {
    const text = `${JSON.stringify(reportJson(report), null, 2)}\n`;
    await writePrivateFile(options.jsonFile, text);
  }
  if (options.json === true) context.printJson(reportJson(report));
  else if (options.sql === true) context.print(reportSql(report).trimEnd());
  else context.print(renderReport(report, context.screen, { top: options.top, sqlCommand, shown }));
}
