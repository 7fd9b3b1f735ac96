/** What pg's `Result` has, as far as it is read here. */
interface DriverResult {
  readonly rows: readonly (readonly unknown[])[];
  readonly fields: readonly DriverField[];
}

interface DriverField {
  readonly name: string;
  readonly tableID: number;
}

/** What one caller gets: the driver's own result, as if its query had run alone. */
type OwnResult = object;

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
): readonly OwnResult[] | "driver" | "other table" {
  if (!isDriverResult(result)) return "driver";
  const fields = result.fields.slice(1);
  if (fields.some(({ tableID }) => tableID !== tableOid)) return "other table";
  const template = emptyResult(result, fields, isArrayMode);
  if (template === undefined) return "driver";
  const toRow = isArrayMode ? (row: readonly unknown[]) => row.slice(1) : objectRows(fields);
  const places = Array.from({ length: count }, (): unknown[] => []);
  for (const row of result.rows) {
    const rows = places[Number(row[0]) - 1];
    if (rows === undefined) return "driver";
    if (rows.length < maxRows) rows.push(toRow(row));
  }
  const prototype: object = Object.getPrototypeOf(template);
  return places.map((rows) =>
    Object.assign(Object.create(prototype), template, {
      rowCount: rows.length,
      rows,
      fields: [...fields],
    }),
  );
}

/** pg's own constructor and its own description of the columns make everything that a result has beside its rows. */
function emptyResult(
  result: DriverResult,
  fields: readonly DriverField[],
  isArrayMode: boolean,
): object | undefined {
  const types: unknown = Reflect.get(result, "_types");
  const empty: unknown = Reflect.construct(result.constructor, [
    isArrayMode ? "array" : undefined,
    types,
  ]);
  if (typeof empty !== "object" || empty === null) return undefined;
  const addFields: unknown = Reflect.get(empty, "addFields");
  if (typeof addFields !== "function") return undefined;
  Reflect.apply(addFields, empty, [[...fields]]);
  return Object.assign(empty, { command: Reflect.get(result, "command") });
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

function isDriverResult(result: unknown): result is DriverResult {
  return (
    typeof result === "object" &&
    result !== null &&
    "rows" in result &&
    Array.isArray(result.rows) &&
    "fields" in result &&
    Array.isArray(result.fields) &&
    result.fields.length > 1
  );
}
