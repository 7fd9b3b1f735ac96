/** Connection settings by libpq's keywords, all as text; absent and `""` both mean "not given". */
export type ConnectionKeywords = Readonly<Partial<Record<Keyword, string>>>;

/** The keywords that are honoured. */
type Keyword =
  | "host"
  | "hostaddr"
  | "port"
  | "dbname"
  | "user"
  | "password"
  | "passfile"
  | "service"
  | "servicefile"
  | "connect_timeout"
  | "options"
  | "application_name"
  | "sslmode"
  | "sslnegotiation"
  | "sslrootcert"
  | "sslcert"
  | "sslkey"
  | "sslpassword"
  | "ssl_min_protocol_version"
  | "ssl_max_protocol_version"
  | "channel_binding";

/** The environment variable of each keyword. */
const VARIABLES: Readonly<Record<Keyword, string | null>> = {
  host: "PGHOST",
  hostaddr: "PGHOSTADDR",
  port: "PGPORT",
  dbname: "PGDATABASE",
  user: "PGUSER",
  password: "PGPASSWORD",
  passfile: "PGPASSFILE",
  service: "PGSERVICE",
  servicefile: "PGSERVICEFILE",
  connect_timeout: "PGCONNECT_TIMEOUT",
  options: "PGOPTIONS",
  application_name: "PGAPPNAME",
  sslmode: "PGSSLMODE",
  sslnegotiation: "PGSSLNEGOTIATION",
  sslrootcert: "PGSSLROOTCERT",
  sslcert: "PGSSLCERT",
  sslkey: "PGSSLKEY",
  sslpassword: null,
  ssl_min_protocol_version: "PGSSLMINPROTOCOLVERSION",
  ssl_max_protocol_version: "PGSSLMAXPROTOCOLVERSION",
  channel_binding: "PGCHANNELBINDING",
};

/** libpq keywords without a meaning here whose absence changes nothing that a person would notice. */
const HARMLESS: ReadonlySet<string> = new Set([
  "client_encoding",
  "fallback_application_name",
  "gssdelegation",
  "gsslib",
  "keepalives",
  "keepalives_count",
  "keepalives_idle",
  "keepalives_interval",
  "krbsrvname",
  "load_balance_hosts",
  "sslcompression",
  "sslsni",
  "tcp_user_timeout",
]);

function isKeyword(name: string): name is Keyword {
  return Object.hasOwn(VARIABLES, name);
}

/** Keywords from name and value pairs; the first of a name wins. What is not honoured is returned by name. */
export function toKeywords(pairs: Iterable<readonly [name: string, value: string]>): {
  readonly keywords: ConnectionKeywords;
  readonly ignored: readonly string[];
} {
  const keywords: Partial<Record<Keyword, string>> = {};
  const ignored: string[] = [];
  for (const [name, value] of pairs) {
    if (isKeyword(name)) keywords[name] ??= value;
    // JDBC's and node-postgres' spelling, which libpq reads as well.
    else if (name === "ssl" && /^(?:true|1)$/.test(value)) keywords.sslmode ??= "require";
    else if (!HARMLESS.has(name) && !isDefault(name, value)) ignored.push(name);
  }
  return { keywords, ignored };
}

/** Keywords of the environment's PG* variables; empty variables count as not set, as in libpq. */
export function keywordsOfEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): ConnectionKeywords {
  const keywords: Partial<Record<Keyword, string>> = {};
  for (const [name, variable] of Object.entries(VARIABLES)) {
    const value = variable === null ? undefined : environment[variable];
    if (isKeyword(name) && value !== undefined && value !== "") keywords[name] = value;
  }
  return keywords;
}

/** `second` where `first` says nothing. */
export function fillIn(first: ConnectionKeywords, second: ConnectionKeywords): ConnectionKeywords {
  const given = Object.entries(first).filter(([, value]) => value !== "");
  return { ...second, ...Object.fromEntries(given) };
}

function isDefault(name: string, value: string): boolean {
  if (name === "target_session_attrs") return value === "any";
  if (name === "gssencmode") return value === "disable" || value === "prefer";
  return false;
}
