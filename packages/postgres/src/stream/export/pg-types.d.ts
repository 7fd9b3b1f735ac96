/** pg's own parsers of text values, registered one by one: what `pg` does where nobody has changed it. */
declare module "pg-types/lib/textParsers.js" {
  const textParsers: {
    init(register: (typeOid: number, parse: (text: string) => unknown) => void): void;
  };
  export default textParsers;
}
