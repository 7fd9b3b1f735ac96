import type { DatabaseSnapshot } from "@upshift/advisor";
import { counted, neutralise, wrapText } from "@upshift/findings/terminal";
import type { Screen } from "../output/screen.ts";

const SOURCE_NAMES = {
  pg_stat_statements: "pg_stat_statements",
  file: "the workload file",
  none: "no workload",
} as const;

/** Which database this is about and what was read of it: the first lines on the screen. */
export function renderHeader(snapshot: DatabaseSnapshot, screen: Screen): string {
  const { database, server, relations, visibility, workload } = snapshot;
  const queries =
    workload.source === "none"
      ? SOURCE_NAMES.none
      : `${counted(workload.queries.length, "query").replace(/querys$/, "queries")} from ${SOURCE_NAMES[workload.source]}`;
  const facts = [
    `PostgreSQL ${server.version}`,
    `role ${visibility.role}`,
    counted(relations.length, "table"),
    queries,
  ];
  return [
    screen.palette.strong(`Database ${neutralise(database.name)}`),
    ...wrapText(facts.join(" · "), screen.width).map(screen.palette.faint),
    ...(workload.note === null ? [] : wrapText(workload.note, screen.width)),
  ].join("\n");
}
