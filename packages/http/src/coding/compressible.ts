/**
 * Whether bodies of a media type get smaller by compression.
 *
 * True for text, for what is text under another name (JSON, XML and their `+json`, `+xml` families, scripts, forms), and for some
 * binary formats that come unpacked. Event streams are left alone: an event must not wait in a compressor.
 *
 * @param contentType - a field value; parameters are passed over
 */
export function isCompressible(contentType: string): boolean {
  const semicolon = contentType.indexOf(";");
  const type = (semicolon === -1 ? contentType : contentType.slice(0, semicolon))
    .trim()
    .toLowerCase();
  if (type === "text/event-stream") return false;
  return type.startsWith("text/") || SUFFIX.test(type) || TYPES.has(type);
}

/** RFC 6839, 9512: what such a type is written in. */
const SUFFIX = /\+(?:json|xml|yaml|text|json-seq)$/;

const TYPES: ReadonlySet<string> = new Set([
  "application/json",
  "application/ndjson",
  "application/x-ndjson",
  "application/jsonl",
  "application/json-seq",
  "application/json5",
  "application/xml",
  "application/xml-dtd",
  "application/javascript",
  "application/x-javascript",
  "application/ecmascript",
  "application/graphql",
  "application/sql",
  "application/toml",
  "application/yaml",
  "application/x-yaml",
  "application/rtf",
  "application/x-www-form-urlencoded",
  "application/x-httpd-php",
  "application/wasm",
  "application/protobuf",
  "application/x-protobuf",
  "application/vnd.ms-fontobject",
  "application/x-font-ttf",
  "application/tar",
  "application/x-tar",
  "font/ttf",
  "font/otf",
  "font/collection",
  "image/bmp",
  "image/x-icon",
  "image/vnd.microsoft.icon",
  "image/x-ms-bmp",
]);
