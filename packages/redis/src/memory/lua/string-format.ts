import type { Arguments } from "./lua-arguments.ts";
import { notFinite, sign, toExponential, toFixed, toGeneral } from "./lua-number.ts";
import { LuaError } from "./lua-value.ts";

/** Lua passes so long a text on as it is, without C's printf. */
const LONG_TEXT = 100;

/** `string.format`, as C's printf does it. */
export function formatString(args: Arguments): string {
  let at = 1;
  return args
    .string(1)
    .replace(
      /%(?:%|([-+ #0]*)(\d*)(?:\.(\d*))?([A-Za-z])?)/g,
      (
        whole: string,
        flags = "",
        width = "",
        precision: string | undefined,
        conversion?: string,
      ) => {
        if (whole === "%%") return "%";
        at += 1;
        const digits = precision === undefined ? undefined : Number(precision);
        if (width.length > 2 || (precision ?? "").length > 2)
          throw new LuaError("invalid format (width or precision too long)");
        return pad(convert(args, at, conversion, digits, flags), flags, Number(width), conversion);
      },
    );
}

function convert(
  args: Arguments,
  at: number,
  conversion: string | undefined,
  precision: number | undefined,
  flags: string,
): string {
  switch (conversion ?? "") {
    case "c": {
      // C ends a string at a zero.
      const byte = args.number(at) & 0xff;
      return byte === 0 ? "" : String.fromCharCode(byte);
    }
    case "d":
    case "i": {
      const value = Math.trunc(args.number(at));
      const digits = BigInt(Number.isFinite(value) ? value : 0).toString();
      const text = digits.replace("-", "").padStart(precision ?? 0, "0");
      return signed(digits.startsWith("-") ? `-${text}` : text, flags);
    }
    case "u":
      return toUnsigned(args.number(at)).toString();
    case "o":
      return toUnsigned(args.number(at)).toString(8);
    case "x":
      return toUnsigned(args.number(at)).toString(16);
    case "X":
      return toUnsigned(args.number(at)).toString(16).toUpperCase();
    case "f":
      return signed(fixed(args.number(at), precision ?? 6), flags);
    case "e":
    case "E": {
      const text = signed(exponential(args.number(at), precision ?? 6), flags);
      return conversion === "E" ? text.toUpperCase() : text;
    }
    case "g":
    case "G": {
      const text = signed(toGeneral(args.number(at), Math.max(1, precision ?? 6)), flags);
      return conversion === "G" ? text.toUpperCase() : text;
    }
    case "q":
      return quote(args.string(at));
    case "s": {
      const text = args.string(at);
      if (precision === undefined && text.length >= LONG_TEXT) return text;
      // C ends a string at a zero.
      return text.replace(/\0.*$/s, "").slice(0, precision);
    }
    default:
      throw new LuaError(`invalid option '%${conversion ?? ""}' to 'format'`);
  }
}

function signed(text: string, flags: string): string {
  if (text.startsWith("-")) return text;
  if (flags.includes("+")) return `+${text}`;
  return flags.includes(" ") ? ` ${text}` : text;
}

function pad(text: string, flags: string, width: number, conversion = ""): string {
  if (text.length >= width) return text;
  if (flags.includes("-")) return text.padEnd(width);
  if (!flags.includes("0") || conversion === "s") return text.padStart(width);
  const [prefix = ""] = /^[-+ ]?/.exec(text) ?? [];
  return prefix + text.slice(prefix.length).padStart(width - prefix.length, "0");
}

function toUnsigned(value: number): bigint {
  return BigInt.asUintN(64, BigInt(Math.trunc(value)));
}

function fixed(value: number, digits: number): string {
  if (!Number.isFinite(value)) return notFinite(value);
  // JavaScript turns to exponents from 1e21 on.
  if (Math.abs(value) < 1e21) return toFixed(value, digits);
  return BigInt(value).toString() + (digits > 0 ? `.${"0".repeat(digits)}` : "");
}

function exponential(value: number, digits: number): string {
  if (!Number.isFinite(value)) return notFinite(value);
  const [mantissa = "", exponent = "0"] = toExponential(value, digits).split("e");
  return `${mantissa}e${sign(Number(exponent))}`;
}

function quote(text: string): string {
  const escaped = text
    .replace(/["\\\n]/g, String.raw`\$&`)
    .replaceAll("\r", String.raw`\r`)
    .replaceAll("\0", String.raw`\000`);
  return `"${escaped}"`;
}
