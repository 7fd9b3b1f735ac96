import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Whether certificates can be made on this machine. */
export async function hasOpenssl(): Promise<boolean> {
  return await run("openssl", ["version"]).then(
    () => true,
    () => false,
  );
}

/** A self-signed authority: `NAME.crt`, `NAME.key` in the folder. */
export async function makeAuthority(folder: string, name: string): Promise<void> {
  await openssl(folder, [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-days",
    "2",
    "-subj",
    `/CN=${name}`,
    "-keyout",
    `${name}.key`,
    "-out",
    `${name}.crt`,
  ]);
}

/** A certificate that an authority of the folder signed; `names` as in `DNS:localhost,IP:127.0.0.1`. */
export async function makeCertificate(
  folder: string,
  options: { readonly authority: string; readonly name: string; readonly names?: string },
): Promise<void> {
  const { authority, name, names } = options;
  await openssl(folder, [
    "req",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-subj",
    `/CN=${name}`,
    "-keyout",
    `${name}.key`,
    "-out",
    `${name}.csr`,
  ]);
  await writeFile(
    path.join(folder, `${name}.ext`),
    names === undefined ? "" : `subjectAltName=${names}\n`,
  );
  await openssl(folder, [
    "x509",
    "-req",
    "-in",
    `${name}.csr`,
    "-CA",
    `${authority}.crt`,
    "-CAkey",
    `${authority}.key`,
    "-CAcreateserial",
    "-days",
    "2",
    "-extfile",
    `${name}.ext`,
    "-out",
    `${name}.crt`,
  ]);
}

async function openssl(folder: string, args: readonly string[]): Promise<void> {
  await run("openssl", [...args], { cwd: folder });
}
