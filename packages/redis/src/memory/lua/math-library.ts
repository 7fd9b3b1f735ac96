import { type LibraryFunction } from "./lua-arguments.ts";
import type { LuaValue } from "./lua-value.ts";

export const mathFunctions: Readonly<Record<string, LibraryFunction>> = {
  abs: (args) => Math.abs(args.number(1)),
  ceil: (args) => Math.ceil(args.number(1)),
  exp: (args) => Math.exp(args.number(1)),
  floor: (args) => Math.floor(args.number(1)),
  fmod: (args) => args.number(1) % args.number(2),
  log: (args) => Math.log(args.number(1)),
  log10: (args) => Math.log10(args.number(1)),
  max: (args) => Math.max(args.number(1), ...args.values.map((_, at) => args.number(at + 1))),
  min: (args) => Math.min(args.number(1), ...args.values.map((_, at) => args.number(at + 1))),
  modf: (args) => {
    const value = args.number(1);
    return [Math.trunc(value), value - Math.trunc(value)];
  },
  pow: (args) => args.number(1) ** args.number(2),
  sqrt: (args) => Math.sqrt(args.number(1)),
};

export const mathConstants: Readonly<Record<string, LuaValue>> = {
  huge: Number.POSITIVE_INFINITY,
  pi: Math.PI,
};

/** 32 bits, signed results, as the library that Redis has. */
export const bitFunctions: Readonly<Record<string, LibraryFunction>> = {
  arshift: (args) => toBits(args.number(1)) >> args.number(2),
  band: (args) => args.values.reduce<number>((all, _, at) => all & toBits(args.number(at + 1)), -1),
  bnot: (args) => ~toBits(args.number(1)),
  bor: (args) => args.values.reduce<number>((all, _, at) => all | toBits(args.number(at + 1)), 0),
  bxor: (args) => args.values.reduce<number>((all, _, at) => all ^ toBits(args.number(at + 1)), 0),
  lshift: (args) => toBits(args.number(1)) << args.number(2),
  rshift: (args) => (toBits(args.number(1)) >>> args.number(2)) | 0,
  tobit: (args) => toBits(args.number(1)),
  tohex: (args) => {
    const digits = Math.min(8, Math.abs(args.number(2, 8)));
    return (toBits(args.number(1)) >>> 0).toString(16).padStart(8, "0").slice(-digits);
  },
};

function toBits(value: number): number {
  // Halves go to the even neighbour, as adding a large number rounds them.
  const whole = Math.round(value);
  const even = Math.abs(value % 1) === 0.5 && whole % 2 !== 0 ? whole - 1 : whole;
  return Number(BigInt.asIntN(32, BigInt(even)));
}
