// The programs of this folder that are written in Rust, and where the release build put them.
import { join } from "node:path";

export function program(name) {
  const folder = process.env.PENNYPRESS_TEST_BINARIES;
  if (!folder) throw new Error("PENNYPRESS_TEST_BINARIES names no folder: start this by tests/bench/run");
  return join(folder, name);
}

/** Runs `bench-probe` and returns the array that it prints. */
export async function probe(processes, ...words) {
  return JSON.parse(await processes.run(program("examples/bench-probe"), words.map(String)));
}
