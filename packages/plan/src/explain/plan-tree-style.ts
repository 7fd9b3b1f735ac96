/** How a terminal shows parts of the tree; each takes and returns text of the same width. Colour is the caller's business. */
export interface PlanTreeStyle {
  readonly heading: (text: string) => string;
  readonly node: (text: string) => string;
  /** A node that takes much of the query. */
  readonly hot: (text: string) => string;
  readonly detail: (text: string) => string;
  readonly warning: (text: string) => string;
}

const same = (text: string): string => text;

export const plainStyle: PlanTreeStyle = {
  heading: same,
  node: same,
  hot: same,
  detail: same,
  warning: same,
};
