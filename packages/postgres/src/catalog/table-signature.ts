/**
 * What a table's columns are at this moment, as one number in text: names, types, lengths, collations, identities, generated ones. It differs
 * when the facts that were read are not true any more.
 *
 * @param oid - expression of the table's OID
 */
export function tableSignature(oid: string): string {
  return `(
    SELECT pg_catalog.hashtextextended(pg_catalog.string_agg(
      pg_catalog.concat_ws(' ', a.attnum, a.atttypid, a.atttypmod, a.attcollation, a.attidentity, a.attgenerated, a.attname), pg_catalog.chr(10) ORDER BY a.attnum
    ), 0)::text
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = ${oid} AND a.attnum > 0 AND NOT a.attisdropped
  )`;
}
