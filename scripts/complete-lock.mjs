// Completes package-lock.json with the optional binaries of platforms that the registry at hand did not list.
// npm leaves those out, and `npm ci` of npm 11 then stops with "Missing: … from lock file" on every machine.
// `libc` goes: npm 11 writes it and npm 10, which comes with Node 20, takes it out again, so a clone would not stay clean.
//
//   node scripts/complete-lock.mjs           writes the missing entries
//   node scripts/complete-lock.mjs --check   exits 1 and names them, writes nothing
import { readFileSync, writeFileSync } from "node:fs";

const LOCK = "package-lock.json";
const lock = JSON.parse(readFileSync(LOCK, "utf8"));
const missing = missingOptionals(lock.packages);
const withLibc = Object.keys(lock.packages).filter((path) => lock.packages[path].libc);

if (missing.size === 0 && withLibc.length === 0) {
  console.log(`${LOCK} names every optional dependency`);
} else if (process.argv.includes("--check")) {
  for (const [path, entry] of missing) console.error(`${LOCK} lacks ${path} ${entry.version}`);
  for (const path of withLibc) console.error(`${LOCK} has a libc field at ${path}`);
  console.error(`Run "npm run lock" and commit ${LOCK}.`);
  process.exitCode = 1;
} else {
  for (const [path, entry] of missing) lock.packages[path] = entry;
  for (const path of withLibc) delete lock.packages[path].libc;
  const entries = Object.entries(lock.packages).toSorted(([a], [b]) => a.localeCompare(b, "en"));
  lock.packages = Object.fromEntries(entries);
  writeFileSync(LOCK, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`${LOCK}: added ${missing.size} optional dependencies of other platforms`);
}

/** Path in the lock -> entry, of each optional dependency that no folder on its parent's path resolves. */
function missingOptionals(packages) {
  const found = new Map();
  for (const [parent, { optionalDependencies = {}, dev }] of Object.entries(packages)) {
    for (const [name, range] of Object.entries(optionalDependencies)) {
      if (resolvable(packages, parent, name)) continue;
      const path = `node_modules/${name}`;
      const { cpu, os } = platformOf(name);
      // In npm's own order of keys: a later `npm install` then leaves the file as it is.
      found.set(path, {
        version: lowestOf(range),
        ...(cpu && { cpu: [cpu] }),
        ...(dev && { dev }),
        optional: true,
        ...(os && { os: [os] }),
      });
    }
  }
  return found;
}

/** Whether Node would find `name` from `parent`: in it, or in a folder above it. */
function resolvable(packages, parent, name) {
  for (let folder = parent; ;) {
    if (packages[folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`]) {
      return true;
    }
    if (folder === "") return false;
    const cut = folder.lastIndexOf("/node_modules/");
    folder = cut < 0 ? "" : folder.slice(0, cut);
  }
}

/** Platform packages are published with their parent's own version, exact or behind a caret. */
function lowestOf(range) {
  const version = /^[\^~]?(\d+\.\d+\.\d+(?:-[\w.]+)?)$/.exec(range)?.[1];
  if (version === undefined) throw new Error(`cannot tell the version of an optional "${range}"`);
  return version;
}

/** What the name of a platform package tells, so that npm skips it elsewhere: `@oxlint/binding-linux-x64-musl`. */
function platformOf(name) {
  const os = ["android", "darwin", "freebsd", "linux", "openharmony", "win32"].find((each) =>
    name.includes(each),
  );
  const cpu = ["arm64", "arm", "ia32", "ppc64", "riscv64", "s390x", "x64", "wasm32"].find((each) =>
    new RegExp(`-${each}(-|$)`).test(name),
  );
  return { cpu, os };
}
