const SPECIAL = /[\\^$.*+?()[\]{}|/-]/g;

/** A glob of Redis as a regular expression over bytes. Source: Redis 7, util.c, stringmatchlen */
export function globToRegExp(glob: string): RegExp {
  let pattern = "";
  for (let at = 0; at < glob.length; at += 1) {
    const character = glob[at] ?? "";
    if (character === "*") pattern += "[^]*";
    else if (character === "?") pattern += "[^]";
    else if (character === "\\" && at + 1 < glob.length) {
      at += 1;
      pattern += quote(glob[at] ?? "");
    } else if (character === "[") {
      const set = readSet(glob, at + 1);
      pattern += set.pattern;
      at = set.end;
    } else pattern += quote(character);
  }
  return new RegExp(`^${pattern}$`);
}

/** @returns `end`: where the closing bracket is, or the end where it is missing */
function readSet(glob: string, start: number): { readonly pattern: string; readonly end: number } {
  const isNegated = glob[start] === "^";
  let at = isNegated ? start + 1 : start;
  let members = "";
  for (; at < glob.length && glob[at] !== "]"; at += 1) {
    if (glob[at] === "\\" && at + 1 < glob.length) {
      at += 1;
      members += quote(glob[at] ?? "");
    } else if (glob[at + 1] === "-" && at + 2 < glob.length) {
      const [low = "", high = ""] = [glob[at] ?? "", glob[at + 2] ?? ""].toSorted();
      members += `${quote(low)}-${quote(high)}`;
      at += 2;
    } else members += quote(glob[at] ?? "");
  }
  if (members === "") return { pattern: isNegated ? "[^]" : "[]", end: at };
  return { pattern: `[${isNegated ? "^" : ""}${members}]`, end: at };
}

function quote(text: string): string {
  return text.replace(SPECIAL, String.raw`\$&`);
}
