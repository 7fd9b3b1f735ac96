/** Ways in which people paste a plan: each takes the bare text and returns it dressed. Written from psql's own output formats. */
export type Dress = (text: string) => string;

const lines = (text: string): string[] => text.replace(/\n$/, "").split("\n");
const widest = (rows: readonly string[]): number =>
  Math.max(10, ...rows.map((row) => Array.from(row).length));
const pad = (row: string, width: number): string =>
  row + " ".repeat(Math.max(0, width - Array.from(row).length));
const center = (row: string, width: number): string =>
  pad(`${" ".repeat(Math.max(0, Math.floor((width - row.length) / 2)))}${row}`, width);

/** psql's default: border 1, ascii. */
const psqlAscii: Dress = (text) => {
  const rows = lines(text);
  const width = widest(rows);
  return [
    ` ${center("QUERY PLAN", width)} `,
    "-".repeat(width + 2),
    ...rows.map((row) => ` ${row}`),
    `(${rows.length} rows)`,
    "",
  ].join("\n");
};

const psqlBorderless: Dress = (text) => {
  const rows = lines(text);
  const width = widest(rows);
  return [center("QUERY PLAN", width), "-".repeat(width), ...rows, `(${rows.length} lignes)`].join(
    "\n",
  );
};

const psqlFramed: Dress = (text) => {
  const rows = lines(text);
  const width = widest(rows);
  const rule = `+${"-".repeat(width + 2)}+`;
  return [
    rule,
    `| ${center("QUERY PLAN", width)} |`,
    rule,
    ...rows.map((row) => `| ${pad(row, width)} |`),
    rule,
    `(${rows.length} rows)`,
  ].join("\n");
};

const psqlUnicode: Dress = (text) => {
  const rows = lines(text);
  const width = widest(rows);
  const rule = (left: string, right: string): string => `${left}${"─".repeat(width + 2)}${right}`;
  return [
    rule("┌", "┐"),
    `│ ${center("QUERY PLAN", width)} │`,
    rule("├", "┤"),
    ...rows.map((row) => `│ ${pad(row, width)} │`),
    rule("└", "┘"),
    `(${rows.length} Zeilen)`,
  ].join("\n");
};

const psqlExpanded: Dress = (text) =>
  lines(text)
    .map((row, at) => `-[ RECORD ${at + 1} ]${"-".repeat(60)}\nQUERY PLAN | ${row}`)
    .join("\n");

const pgAdmin: Dress = (text) =>
  lines(text)
    .map((row) => `"${row.replaceAll('"', '""')}"`)
    .join("\n");

const csv: Dress = (text) =>
  [
    "QUERY PLAN",
    ...lines(text).map((row) => (/[",]/.test(row) ? `"${row.replaceAll('"', '""')}"` : row)),
  ].join("\n");

const dbeaver: Dress = (text) => {
  const rows = lines(text);
  const width = widest(rows);
  return [
    `${pad("QUERY PLAN", width)}|`,
    `${"-".repeat(width)}+`,
    ...rows.map((row) => `${pad(row, width)}|`),
  ].join("\n");
};

const numbered: Dress = (text) =>
  lines(text)
    .map((row, at) => `${String(at + 1).padStart(4)}  ${row}`)
    .join("\n");

const log: Dress = (text) =>
  [
    "2026-01-01 10:00:00.123 UTC [4242] LOG:  duration: 12.500 ms  plan:",
    "\tQuery Text: SELECT 1",
    ...lines(text).map((row) => `\t${row}`),
    "2026-01-01 10:00:01.123 UTC [4242] LOG:  checkpoint starting: time",
  ].join("\n");

const windows: Dress = (text) => `\uFEFF${text.replaceAll("\n", "\r\n")}`;
const fenced: Dress = (text) => `Here is my plan:\n\n\`\`\`\n${text}\`\`\`\n\nWhy is it slow?\n`;
const webPage: Dress = (text) =>
  text.replaceAll("->", "-&gt;").replaceAll("<", "&lt;").replaceAll("  ", " \u00A0");
const driverRows: Dress = (text) =>
  JSON.stringify(lines(text).map((row) => ({ "QUERY PLAN": row })));
/** A terminal of 80 columns. */
const terminal: Dress = (text) => text.replaceAll(/.{80}(?=.)/g, "$&\n");

const csvLog: Dress = (text) =>
  `2026-01-01 10:00:00 UTC,"app","shop",42,"[local]",6b02f786.6ba,1,"SELECT",2026-01-01 10:00:00 UTC,0/11,0,LOG,00000,"duration: 12.500 ms  plan:\nQuery Text: SELECT ""x""\n${text
    .replace(/\n$/, "")
    .replaceAll('"', '""')}",,,,,,,,,"my app","client backend",,37\n`;
const jsonLog: Dress = (text) =>
  `${JSON.stringify({ message: "ready", args: ["a", "b"] })}\n${JSON.stringify({ message: `duration: 12.5 ms  plan:\n${text}` })}\n`;
const dockerLog: Dress = (text) =>
  lines(log(text))
    .map((row) => `db-1  | ${row}`)
    .join("\n");
const escaped: Dress = (text) => JSON.stringify(text);
const escapedInCode: Dress = (text) => `const plan = ${JSON.stringify(text)};`;
const rowsOfArrays: Dress = (text) => JSON.stringify(lines(text).map((row) => [row]));
/** What console.log shows of a driver's rows. */
const printedRows: Dress = (text) =>
  `[\n${lines(text)
    .map((row) => `  { 'QUERY PLAN': '${row.replaceAll("'", "\\'")}' }`)
    .join(",\n")}\n]`;
const quotation: Dress = (text) =>
  lines(text)
    .map((row) => `> ${row}`)
    .join("\n");
const arrows: Dress = (text) => text.replaceAll(/^( *)->/gm, "$1→");
const coloured: Dress = (text) => text.replaceAll(/(Seq|Index) Scan/g, "\u001B[1;31m$&\u001B[0m");

export const textDresses: Readonly<Record<string, Dress>> = {
  psqlAscii,
  psqlBorderless,
  psqlFramed,
  psqlUnicode,
  psqlExpanded,
  pgAdmin,
  csv,
  dbeaver,
  numbered,
  log,
  windows,
  fenced,
  webPage,
  driverRows,
  terminal,
  csvLog,
  jsonLog,
  dockerLog,
  escaped,
  escapedInCode,
  rowsOfArrays,
  printedRows,
  quotation,
  arrows,
  coloured,
};

/** psql shows JSON as one row of many lines, each with a mark that it goes on. */
const jsonPsql =
  (left: string, mark: string): Dress =>
  (text) => {
    const rows = lines(text);
    const width = widest(rows);
    const end = left === "" ? "" : left;
    return [
      ` ${center("QUERY PLAN", width)} `,
      "-".repeat(width + 2),
      ...rows.map(
        (row, at) => `${left} ${pad(row, width)}${at === rows.length - 1 ? " " : mark}${end}`,
      ),
      "(1 row)",
    ].join("\n");
  };

export const jsonDresses: Readonly<Record<string, Dress>> = {
  compact: (text) => JSON.stringify(JSON.parse(text)),
  psqlAscii: jsonPsql("", "+"),
  psqlUnicode: jsonPsql("", "↵"),
  psqlFramed: jsonPsql("|", "+"),
  csv: (text) => `QUERY PLAN\n"${text.trimEnd().replaceAll('"', '""')}"\n`,
  pgAdmin: (text) =>
    lines(text)
      .map((row) => `"${row.replaceAll('"', '""')}"`)
      .join("\n"),
  escaped: (text) => JSON.stringify(text),
  driverRows: (text) => JSON.stringify([{ "QUERY PLAN": JSON.parse(text) }]),
  log: (text) =>
    `2026-01-01 10:00:00 UTC [42] LOG:  duration: 12.500 ms  plan:\n${lines(text)
      .map((row) => `\t${row}`)
      .join("\n")}\n`,
  csvLog,
  jsonLog,
  inString: (text) => JSON.stringify({ plan: text }),
  fenced: (text) => `\`\`\`json\n${text}\`\`\`\n`,
  windows: (text) => text.replaceAll("\n", "\r\n"),
  bareNode: (text) => {
    const value: unknown = JSON.parse(text);
    const [document] = Array.isArray(value) ? value.filter((item) => hasPlan(item)) : [];
    return JSON.stringify(document?.Plan);
  },
};

function hasPlan(value: unknown): value is { readonly Plan: unknown } {
  return typeof value === "object" && value !== null && "Plan" in value;
}
