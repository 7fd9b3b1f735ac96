/** Which of a list's statement texts are treated in a special way: the first few, since filters that are written anew for each request must not pile up. */
export interface FirstTexts {
  /** True for a text that is among the first ones, each time it comes. */
  has(text: string): boolean;
  /** True for such a text when it comes for the first time. */
  isNew(text: string): boolean;
  /** Says that the text is none of them after all. */
  exclude(text: string): void;
}

/** Statements that a list with a few filters, both directions and some page sizes has. */
const MOST_TEXTS = 64;

export function createFirstTexts(): FirstTexts {
  const texts = new Map<string, { isExcluded: boolean }>();
  const add = (text: string): boolean => {
    if (texts.has(text) || texts.size === MOST_TEXTS) return false;
    texts.set(text, { isExcluded: false });
    return true;
  };
  return {
    has(text) {
      add(text);
      return texts.get(text)?.isExcluded === false;
    },
    isNew: add,
    exclude(text) {
      // Its place stays taken: were it free, a text that is excluded again and again would make room for ever.
      if (texts.has(text)) texts.set(text, { isExcluded: true });
    },
  };
}
