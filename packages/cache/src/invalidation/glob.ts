/** What Redis would match: `*`, `?`, `[abc]`, `[^a]`, `[a-z]`, and `\` before a character that is meant. */
export function globToRegExp(glob: string): RegExp {
  let source = "";
  for (let index = 0; index < glob.length; index += 1) {
    const character = glob.charAt(index);
    if (character === "*") source += "[^]*";
    else if (character === "?") source += "[^]";
    else if (character === "[") {
      const set = /^\[(\^?)((?:\\[^]|[^\]\\])*)\]?/.exec(glob.slice(index));
      const [whole = "[", not = "", members = ""] = set ?? [];
      const escaped = members.replaceAll(/\\?([^])/g, (_, member: string) =>
        member === "-" ? "-" : escape(member),
      );
      source += members === "" ? (not === "" ? "(?!)" : "[^]") : `[${not}${escaped}]`;
      index += whole.length - 1;
    } else if (character === "\\" && index + 1 < glob.length) {
      index += 1;
      source += escape(glob.charAt(index));
    } else source += escape(character);
  }
  return new RegExp(`^${source}$`);
}

function escape(character: string): string {
  return /[\\^$.*+?()[\]{}|/-]/.test(character) ? `\\${character}` : character;
}
