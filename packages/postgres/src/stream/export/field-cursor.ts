/** Where a row in the text format of COPY is being read. One object for all rows, as there are very many. */
export interface FieldCursor {
  row: Buffer;
  /** First byte of the next field. */
  index: number;
}
