// One check after another, each with its name and time; the first that fails ends the run, since the later ones stand on it.
import { strict as assert } from "node:assert";

export { assert };

export class Checks {
  passed = 0;
  failed = 0;

  async check(name, work) {
    const from = Date.now();
    try {
      const said = await work();
      this.passed += 1;
      console.log(`  ok    ${name}${said ? `: ${said}` : ""} (${Date.now() - from} ms)`);
    } catch (error) {
      this.failed += 1;
      console.log(`  FAIL  ${name} (${Date.now() - from} ms)`);
      throw error;
    }
  }
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Tries until it does not throw any more. */
export async function eventually(work, { seconds = 5, every = 50 } = {}) {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((done) => setTimeout(done, every));
    }
  }
}
