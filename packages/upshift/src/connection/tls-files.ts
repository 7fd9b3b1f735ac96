import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { ConnectionSettingError } from "./connection-errors.ts";
import type { ConnectionKeywords } from "./connection-keywords.ts";
import type { SslMode } from "./connection-settings.ts";

/** What a TLS connection needs from disk; PEM text. */
export interface TlsFiles {
  /** PEM text, or the authorities that Node trusts; `null`: the chain is not checked. */
  readonly authorities: { readonly pem: string } | "system" | null;
  readonly certificate: string | null;
  /** A function, so that no inspection and no JSON shows it. */
  readonly privateKey: () => string | null;
  readonly passphrase: () => string | null;
  readonly minVersion: TlsVersion | null;
  readonly maxVersion: TlsVersion | null;
}

type TlsVersion = "TLSv1.2" | "TLSv1.3";

/**
 * Reads certificates and keys by libpq's rules: `~/.postgresql/root.crt`, `postgresql.crt` and `postgresql.key` count
 * where nothing else is named, and a root certificate that is there is always checked against, also with sslmode=require.
 *
 * @throws {ConnectionSettingError} when a file that was asked for cannot be used
 */
export async function readTlsFiles(
  keywords: ConnectionKeywords,
  sslMode: SslMode,
  homeFolder: string,
): Promise<TlsFiles> {
  const key = sslMode === "disable" ? null : await readKey(keywords.sslkey, homeFolder);
  const passphrase = keywords.sslpassword ?? null;
  const certificate =
    sslMode === "disable"
      ? null
      : await readAsked("sslcert", keywords.sslcert, homeFolder, "postgresql.crt");
  return {
    authorities: await readAuthorities(keywords.sslrootcert, sslMode, homeFolder),
    certificate,
    privateKey: () => key,
    passphrase: () => passphrase,
    minVersion: versionOf("ssl_min_protocol_version", keywords.ssl_min_protocol_version),
    maxVersion: versionOf("ssl_max_protocol_version", keywords.ssl_max_protocol_version),
  };
}

async function readAuthorities(
  asked: string | undefined,
  sslMode: SslMode,
  homeFolder: string,
): Promise<TlsFiles["authorities"]> {
  if (sslMode === "disable") return null;
  if (asked === "system") return "system";
  const file = asked ?? path.join(homeFolder, ".postgresql", "root.crt");
  const text = await textOf(file);
  if (text === null && sslMode.startsWith("verify-")) {
    throw new ConnectionSettingError(
      `sslmode=${sslMode} needs the root certificate ${file}, which cannot be read. Set sslrootcert to a file, or to "system" for a publicly signed server.`,
      "sslrootcert",
    );
  }
  return text === null ? null : { pem: text };
}

async function readKey(asked: string | undefined, homeFolder: string): Promise<string | null> {
  const file = asked ?? path.join(homeFolder, ".postgresql", "postgresql.key");
  const text = await readAsked("sslkey", asked, homeFolder, "postgresql.key");
  if (text !== null && process.platform !== "win32") {
    const { mode, uid } = await stat(file);
    // libpq's rule: 0600, or 0640 for a key that root owns.
    if ((mode & (uid === 0 ? 0o037 : 0o077)) !== 0) {
      throw new ConnectionSettingError(
        `The private key ${file} can be read by others. Run: chmod 0600 ${file}`,
        "sslkey",
      );
    }
  }
  return text;
}

async function readAsked(
  name: "sslcert" | "sslkey",
  asked: string | undefined,
  homeFolder: string,
  defaultName: string,
): Promise<string | null> {
  const text = await textOf(asked ?? path.join(homeFolder, ".postgresql", defaultName));
  if (text === null && asked !== undefined) {
    throw new ConnectionSettingError(
      `The file ${asked} of ${name} cannot be read. Correct its path or permissions.`,
      name,
    );
  }
  return text;
}

async function textOf(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch {
    return null;
  }
}

function versionOf(name: string, text: string | undefined): TlsVersion | null {
  if (text === undefined) return null;
  if (text === "TLSv1.2" || text === "TLSv1.3") return text;
  // Older ones are switched off in every server that is supported.
  if (name === "ssl_min_protocol_version" && (text === "TLSv1" || text === "TLSv1.1")) return null;
  throw new ConnectionSettingError(`${name} must be TLSv1.2 or TLSv1.3.`, name);
}
