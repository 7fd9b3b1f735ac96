import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, copyFile, mkdir, mkdtemp, readFile, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { ServiceUnavailableError } from "./services-errors.ts";

const REPOSITORY = path.join(import.meta.dirname, "..", "..", "..");
const FIXTURE = path.join(REPOSITORY, "packages", "postgres", "test", "fixtures", "prisma");
const SHELF = path.join(REPOSITORY, "node_modules", ".cache", "upshift", "prisma");
const FILES = ["package.json", "package-lock.json", "schema.prisma"] as const;
const COMPONENT = "Prisma";
const STEP_TIMEOUT_MS = 240_000;

/** A generated Prisma client. */
export interface PrismaFixture {
  /** Exports `PrismaClient` and `Prisma`; to be imported by its path. */
  readonly clientFile: string;
  /** Exports `PrismaPg`. */
  readonly adapterFile: string;
  /** Creates the tables of the schema. */
  readonly schemaSqlFile: string;
}

/**
 * The client of `packages/postgres/test/fixtures/prisma`, installed and generated on first use into the repository's cache: too large to be a dependency. Safe to call
 * from several processes.
 *
 * @throws {ServiceUnavailableError} when it is not there and npm cannot fetch it
 */
export async function bringPrisma(
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<PrismaFixture> {
  const home = path.join(SHELF, await versionOf(FILES));
  const fixture = {
    clientFile: path.join(home, "client", "client.js"),
    adapterFile: path.join(home, "node_modules", "@prisma", "adapter-pg", "dist", "index.mjs"),
    schemaSqlFile: path.join(FIXTURE, "schema.sql"),
  };
  if (await exists(fixture.clientFile)) return fixture;
  await mkdir(SHELF, { recursive: true });
  const staging = await mkdtemp(path.join(SHELF, "new."));
  try {
    await build(staging, options.signal);
    await rename(staging, home);
  } catch (cause) {
    options.signal?.throwIfAborted();
    // Another process may have been first.
    if (!(await exists(fixture.clientFile)))
      throw new ServiceUnavailableError(
        COMPONENT,
        `its client could not be made: ${reasonOf(cause)}`,
        cause,
      );
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return fixture;
}

async function build(folder: string, signal: AbortSignal | undefined): Promise<void> {
  const runIn = (cwd: string, file: string, ...args: readonly string[]): Promise<unknown> =>
    promisify(execFile)(file, args, {
      cwd,
      timeout: STEP_TIMEOUT_MS,
      signal,
      // The generator asks for a schema engine, which it does not use and would download.
      env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: "/bin/true", CHECKPOINT_DISABLE: "1" },
    });
  for (const file of FILES) await copyFile(path.join(FIXTURE, file), path.join(folder, file));
  await runIn(folder, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund");
  // Elsewhere, because TypeScript takes what lies below a node_modules for a library and writes no JavaScript of it, and Node does not read it as it is.
  const workshop = await mkdtemp(path.join(tmpdir(), "upshift-prisma-"));
  try {
    const modules = path.join(folder, "node_modules");
    await symlink(modules, path.join(workshop, "node_modules"));
    for (const file of FILES) await copyFile(path.join(FIXTURE, file), path.join(workshop, file));
    const prisma = path.join(modules, "prisma", "build", "index.js");
    await runIn(workshop, process.execPath, prisma, "generate", "--schema", "schema.prisma");
    const tsc = path.join(REPOSITORY, "node_modules", "typescript", "bin", "tsc");
    const target = ["--ignoreConfig", "--module", "nodenext", "--target", "es2023"];
    const output = ["--declaration", "--skipLibCheck", "--outDir", path.join(folder, "client")];
    const client = path.join("generated", "client.ts");
    await runIn(workshop, process.execPath, tsc, client, ...target, ...output);
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

/** New whenever a file changes that the client is made of. */
async function versionOf(files: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const file of files) hash.update(await readFile(path.join(FIXTURE, file)));
  return hash.digest("hex").slice(0, 16);
}

/** The line of a command's output that says why: npm's are on standard error, TypeScript's on standard output. */
function reasonOf(error: unknown): string {
  const outputs = Object.assign({ stderr: "", stdout: "" }, error);
  const lines = `${outputs.stderr}\n${outputs.stdout}\n${String(error)}`.split("\n");
  return lines.find((line) => /error/i.test(line)) ?? "no reason given";
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
