/** Follows quotes and brackets through a growing text, to know whether a line ended in the middle of an expression. */
export interface OpenText {
  readonly isInQuote: boolean;
  readonly isInBracket: boolean;
  readonly append: (text: string) => void;
}

export function createOpenText(): OpenText {
  let isInString = false;
  let isInName = false;
  let depth = 0;
  return {
    get isInQuote(): boolean {
      return isInString || isInName;
    },
    get isInBracket(): boolean {
      return depth > 0;
    },
    append(text): void {
      for (let at = 0; at < text.length; at += 1) {
        const char = text.charAt(at);
        if (isInString) isInString = char !== "'";
        else if (isInName) isInName = char !== '"';
        else if (char === "'") isInString = true;
        else if (char === '"') isInName = true;
        else if (char === "(") depth += 1;
        else if (char === ")") depth -= 1;
      }
    },
  };
}
