/** What pg's `Result` has, as far as it is touched here. */
interface DriverResult {
  command: unknown;
  rowCount: unknown;
  rows: unknown[];
  fields: readonly DriverField[];
  _parsers: unknown;
  _prebuiltEmptyResultObject: unknown;
}

interface BatchResult {
  readonly rows: readonly (readonly unknown[])[];
  readonly fields: readonly DriverField[];
  readonly command: unknown;
  /** Parsers of the connection; the pool's own where there are none. */
  readonly _types?: unknown;
}

interface DriverField {
  readonly name: string;
  readonly tableID: number;
  readonly format: string;
}

/**
 * Takes the result of a batch apart.
 *
 * @param result - of the batch, its rows as arrays
 * @param count - how many runs were in it
 * @param tableOid - of the table that all columns must come from
 * @returns a result for each run in order; else whether pg does not give such results, or the columns are another table's
 */
export function takeApart(
  result: unknown,
  {
    count,
    tableOid,
    isArrayMode,
    maxRows,
  }: {
    readonly count: number;
    readonly tableOid: number;
    readonly isArrayMode: boolean;
    /** `LIMIT 1` of a key that was unique when the catalog was read. */
    readonly maxRows: number;
  },
): readonly object[] | "driver" | "other table" {
  if (!isBatchResult(result)) return "driver";
  // pg reads rows in binary form into objects only, not into arrays.
  if (result.fields.some(({ format }) => format !== "text")) return "driver";
  const fields = result.fields.slice(1);
  if (fields.some(({ tableID }) => tableID !== tableOid)) return "other table";
  const toResult = resultMaker(result, fields, isArrayMode);
  if (toResult === undefined) return "driver";
  const toRow = isArrayMode ? (row: readonly unknown[]) => row.slice(1) : objectRows(fields);
  const places = Array.from({ length: count }, (): unknown[] => []);
  for (const row of result.rows) {
    const rows = places[Number(row[0]) - 1];
    if (rows === undefined) return "driver";
    if (rows.length < maxRows) rows.push(toRow(row));
  }
  return places.map(toResult);
}

/** pg's own constructor and its own reading of the columns make everything that a result has beside its rows. */
function resultMaker(
  batch: BatchResult,
  fields: readonly DriverField[],
  isArrayMode: boolean,
): ((rows: unknown[]) => object) | undefined {
  const { constructor: Result, command, _types: types } = batch;
  if (!isResultClass(Result)) return undefined;
  const mode = isArrayMode ? "array" : undefined;
  const described = new Result(mode, types);
  described.addFields([...fields]);
  const { _parsers: parsers, _prebuiltEmptyResultObject: emptyRow } = described;
  return (rows) => {
    const own = new Result(mode, types);
    own.command = command;
    own.rowCount = rows.length;
    own.rows = rows;
    own.fields = [...fields];
    // These two are pg's names; they save each result the reading of the columns.
    // oxlint-disable-next-line no-underscore-dangle
    own._parsers = parsers;
    // oxlint-disable-next-line no-underscore-dangle
    own._prebuiltEmptyResultObject = emptyRow;
    return own;
  };
}

interface ResultClass {
  new (
    rowMode: string | undefined,
    types: unknown,
  ): DriverResult & {
    addFields(fields: readonly DriverField[]): void;
  };
}

function isResultClass(value: unknown): value is ResultClass {
  return (
    typeof value === "function" &&
    typeof value.prototype === "object" &&
    typeof value.prototype?.addFields === "function" &&
    typeof value.prototype?.addCommandComplete === "function"
  );
}

/** Of columns with one name the last is seen, as in pg. */
function objectRows(fields: readonly DriverField[]): (row: readonly unknown[]) => object {
  const names = fields.map(({ name }) => name);
  // Own properties, whatever their names: "__proto__" too.
  const empty: Record<string, unknown> = Object.fromEntries(names.map((name) => [name, null]));
  return (values) => {
    const row: Record<string, unknown> = { ...empty };
    for (const [index, name] of names.entries()) row[name] = values[index + 1];
    return row;
  };
}

function isBatchResult(result: unknown): result is BatchResult {
  return (
    typeof result === "object" &&
    result !== null &&
    "rows" in result &&
    Array.isArray(result.rows) &&
    "fields" in result &&
    Array.isArray(result.fields) &&
    "command" in result &&
    result.fields.length > 1
  );
}
