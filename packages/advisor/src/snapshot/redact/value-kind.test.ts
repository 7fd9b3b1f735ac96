import { expect, test } from "vitest";
import type { UserType } from "../database-snapshot.ts";
import { valueKind } from "./value-kind.ts";

const TYPES: readonly UserType[] = [
  { schema: "public", name: "mood", kind: "enum", ddl: "CREATE TYPE public.mood AS ENUM ('a')" },
  {
    schema: "public",
    name: "Zip Code",
    kind: "domain",
    ddl: `CREATE DOMAIN public."Zip Code" AS character varying(10) COLLATE pg_catalog."C" NOT NULL`,
  },
  { schema: "app", name: "moods", kind: "domain", ddl: "CREATE DOMAIN app.moods AS public.mood[]" },
  {
    schema: "public",
    name: "floatrange",
    kind: "range",
    ddl: "CREATE TYPE public.floatrange AS RANGE (SUBTYPE = double precision, SUBTYPE_DIFF = pg_catalog.float8mi)",
  },
  { schema: "public", name: "geometry", kind: "base", ddl: null, extension: "postgis" },
];

test.each([
  ["integer", { kind: "number" }],
  ["numeric(10,2)", { kind: "number" }],
  ["character varying(20)[]", { kind: "array", element: { kind: "text" } }],
  ["timestamp(3) without time zone", { kind: "timestamp" }],
  ["public.citext", { kind: "text" }],
  ["public.mood", { kind: "kept" }],
  ['public."Zip Code"', { kind: "text" }],
  ["app.moods", { kind: "array", element: { kind: "kept" } }],
  ["public.floatrange", { kind: "range", element: { kind: "number" } }],
  ["tstzmultirange", { kind: "multirange", element: { kind: "timestamp" } }],
  ["public.geometry", { kind: "unknown" }],
  ["interval", { kind: "unknown" }],
])("%s", (type, expected) => {
  expect(valueKind(type, TYPES)).toEqual(expected);
});
