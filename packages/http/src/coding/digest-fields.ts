/** Fields with a checksum of the bytes as they are sent: another coding would make them wrong. Source: RFC 9530 sections 2, 3 and appendix A. */
export const DIGEST_FIELDS: readonly string[] = [
  "content-digest",
  "repr-digest",
  "digest",
  "content-md5",
];
