// Vitest reporter: names what was skipped, and closes with the line `N passed, N failed` (`, N skipped` where there are any).
// A module that could not be loaded and an error outside any test count as failures: the line never hides them.
import { writeFileSync } from "node:fs";

export default class ClosingLineReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    const skippedIn = new Map();
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        count[state === "passed" || state === "failed" ? state : "skipped"] += 1;
        if (state !== "passed" && state !== "failed") {
          skippedIn.set(module.relativeModuleId, (skippedIn.get(module.relativeModuleId) ?? 0) + 1);
        }
      }
      // A hook that failed leaves its tests skipped, and no test to say so.
      for (const each of [module, ...module.children.allSuites()]) {
        if (each.errors().length > 0) count.failed += 1;
      }
    }
    // After the other reporters have printed their summaries.
    process.once("exit", () => {
      for (const [module, tests] of skippedIn) console.log(`skipped: ${tests} in ${module}`);
      const { passed, failed, skipped } = count;
      console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
    });
    const report = process.env["UPSHIFT_TEST_REPORT"];
    if (report !== undefined) writeFileSync(report, JSON.stringify(count));
  }
}
