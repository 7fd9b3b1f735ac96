import { readFile } from "node:fs/promises";

/**
 * The nth example of a page in docs/patterns, without its imports.
 *
 * Compare it with {@link regionOf} of the test that runs the same lines: then the page cannot say what does not work.
 */
export async function pageExample(page: string, index = 0): Promise<string> {
  const file = new URL(`../../../docs/patterns/${page}`, import.meta.url);
  const blocks = [...(await readFile(file, "utf8")).matchAll(/```ts\n(.*?)```/gs)];
  return normal((blocks[index]?.[1] ?? "").replaceAll(/^import .*;\n/gm, ""));
}

/** The lines of a test file between `// example: name` and `// end`. */
export async function regionOf(testFile: string, name: string): Promise<string> {
  const text = await readFile(testFile, "utf8");
  const start = text.indexOf(`// example: ${name}\n`);
  const end = text.indexOf("// end\n", start);
  if (start < 0 || end < 0) throw new Error(`${testFile} has no example ${name}`);
  return normal(text.slice(text.indexOf("\n", start) + 1, end));
}

/** Without indentation, line breaks and trailing commas, which formatters put elsewhere. */
function normal(code: string): string {
  return code.replaceAll(/\s+/g, "").replaceAll(/,(?=[)\]}])/g, "");
}
