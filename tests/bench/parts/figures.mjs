// How a bench says what it found: one line a figure, its target beside it, in the form that tests/bench/run counts.

/** `target` is `{ most: n }` or `{ least: n }`; without one the figure is there to be read, not judged. */
export function figure(name, value, unit = "", target = {}) {
  const { most, least } = target;
  const held = (most === undefined || value <= most) && (least === undefined || value >= least);
  const word = most === undefined && least === undefined ? "      " : held ? "held  " : "MISSED";
  const wanted = most !== undefined ? `  (target: at most ${most}${unit})` : least !== undefined ? `  (target: at least ${least}${unit})` : "";
  console.log(`  ${word}  ${name.padEnd(58)} ${round(value)}${unit}${wanted}`);
  return held;
}

function round(value) {
  const size = Math.abs(value);
  return String(Number(value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 4)));
}

/** `share` 0.5 is the median, 0.99 the 99th percentile (nearest rank). */
export function quantile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
}

export const median = (numbers) => quantile(numbers, 0.5);
