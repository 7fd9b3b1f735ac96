#!/usr/bin/env node
// A file of its own: npm links the command at install time, when a fresh clone has no dist yet.
await import("../dist/bin.js");
