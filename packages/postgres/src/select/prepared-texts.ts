/** Each prepared statement takes memory on every connection for as long as that lives. */
const MOST_TEXTS = 64;

/** Says which texts to prepare: the first so many. Whoever may choose fields may ask for any subset of them, and no server should keep all of these prepared. */
export interface PreparedTexts {
  admits(text: string): boolean;
}

export function createPreparedTexts(): PreparedTexts {
  const texts = new Set<string>();
  return {
    admits(text) {
      if (texts.size < MOST_TEXTS) texts.add(text);
      return texts.has(text);
    },
  };
}
