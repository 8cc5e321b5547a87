// What the measures save on real customer questions: a Zipf replay over banking77 by `pennypress cost`, and what each part contributes.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { figure } from "./parts/figures.mjs";
import { program } from "./parts/program.mjs";

const data = process.env.PENNYPRESS_DATA ?? join(process.cwd(), "../shared/data");
const real = join(data, "banking77/train.csv");
const folder = mkdtempSync(join(tmpdir(), "bench-cost-"));
try {
  let list = real;
  if (!existsSync(real)) {
    console.log(`  ${real} is not there: a small made-up list stands in, and no target is judged`);
    list = join(folder, "list.csv");
    const asked = ["When do you open?", "How do I cancel my order?", "Do you ship to Norway?", "What is the difference between the plans?"];
    writeFileSync(list, ["text,category", ...asked.map((text, i) => `${text},${i}`)].join("\n"));
  }
  const settings = join(folder, "settings.toml");
  // Prices as in the example settings; one model is the standard tier's, which is not the dearest.
  writeFileSync(settings, `[[providers]]
name = "p"
base_url = "http://127.0.0.1:1/v1"
${[["small", 0.1, 0.4], ["usual", 0.27, 1.1], ["strong", 2, 8]].map(([id, input, output]) => `[[models]]
id = "${id}"
provider = "p"
input_usd_per_million = ${input.toFixed(2)}
output_usd_per_million = ${output.toFixed(2)}
`).join("")}[routing]
simple = ["small"]
standard = ["usual"]
complex = ["strong"]
`);
  const judged = list === real;
  for (const [s, count] of [["1.0", 5_000], ["1.0", 20_000], ["0.7", 20_000]]) {
    const told = execFileSync(program("pennypress"), ["--config", settings, "cost", list, "--zipf", s, "--count", String(count), "--seed", "1"], { encoding: "utf8" });
    const row = (name) => told.split("\n").find((line) => line.startsWith(name)).slice(26).trim().split(/\s+/);
    const less = (name) => Number.parseFloat(row(name)[2]);
    const all = row("all together");
    console.log(`  ${count} questions, Zipf ${s}`);
    // The issue asks for a Zipf law; its exponent of 1 is the usual one, the flatter one is there to be read.
    const target = judged && s === "1.0";
    figure("  below one model without a cache, all together", less("all together"), "%", target ? { least: 75 } : {});
    figure("  wrong among the answers given again", Number.parseFloat(all[4]), "%", target ? { most: 1 } : {});
    figure("  the exact cache alone takes", less("exact cache"), "%");
    figure("  the near cache takes beyond it", less("exact and near cache") - less("exact cache"), "%");
    figure("  tiers alone take", less("tiers, no cache"), "%");
    figure("  tiers take beyond both caches", less("all together") - less("exact and near cache"), "%");
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
