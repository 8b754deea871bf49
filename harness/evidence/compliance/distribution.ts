import { z } from 'zod';

const ms = z.number().nonnegative();

/** Confidence of the bound. */
const CONFIDENCE = 0.95;

export const distributionSchema = z.object({
  drills: z.number().int().nonnegative().describe('Drills with a value, of the present measurement version.'),
  atLeast: z
    .number()
    .int()
    .nonnegative()
    .describe('How many of these values are only a lower bound, because the drill gave up. No quantile includes them.'),
  leastMs: ms.nullable().describe('The smallest lower bound; null where every value is exact.'),
  mostLeastMs: ms.nullable().describe('The largest lower bound; null where every value is exact.'),
  objectiveMs: ms.nullable().describe('The objective of the last drill.'),
  within: z
    .number()
    .int()
    .nonnegative()
    .describe('Drills whose value is known and was within the objective of that drill.'),
  minMs: ms.nullable().describe('This and the next three are computed from exact values only; null if there are none.'),
  medianMs: ms.nullable(),
  p95Ms: ms.nullable().describe('The smallest value that 95 % of the exact values do not exceed.'),
  maxMs: ms.nullable(),
  withinShareAtLeast: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .describe(
      'With 95 % confidence, at least this share of recoveries like these stays within the objective (exact one-sided bound by Clopper and Pearson). Null without drills.',
    ),
  notCompared: z.number().int().nonnegative().describe('Drills of another measurement version, which are left out.'),
});
export type Distribution = z.infer<typeof distributionSchema>;

/** Collects one kind of figure of one promise. It needs eight bytes for each drill. */
export class DistributionCollector {
  readonly #exact: number[] = [];
  #atLeast = 0;
  #leastMs: number | null = null;
  #mostLeastMs: number | null = null;
  #within = 0;
  #objectiveMs: number | null = null;
  #notCompared = 0;

  add(value: { readonly valueMs: number; readonly atLeast: boolean }, objectiveMs: number): void {
    const { valueMs, atLeast } = value;
    this.#objectiveMs = objectiveMs;
    if (atLeast) {
      this.#atLeast += 1;
      this.#leastMs = Math.min(this.#leastMs ?? valueMs, valueMs);
      this.#mostLeastMs = Math.max(this.#mostLeastMs ?? valueMs, valueMs);
      return;
    }
    this.#exact.push(valueMs);
    if (valueMs <= objectiveMs) this.#within += 1;
  }

  leaveOut(): void {
    this.#notCompared += 1;
  }

  result(): Distribution {
    const sorted = Float64Array.from(this.#exact).toSorted();
    const at = (share: number): number | null => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
    // A drill that gave up did not meet the objective: it counts in the total, and not among those within the objective.
    const count = sorted.length + this.#atLeast;
    return {
      drills: count,
      atLeast: this.#atLeast,
      leastMs: this.#leastMs,
      mostLeastMs: this.#mostLeastMs,
      objectiveMs: this.#objectiveMs,
      within: this.#within,
      minMs: sorted[0] ?? null,
      medianMs: at(0.5),
      p95Ms: at(0.95),
      maxMs: sorted.at(-1) ?? null,
      withinShareAtLeast: count === 0 ? null : shareAtLeast(this.#within, count),
      notCompared: this.#notCompared,
    };
  }
}

/** Enough halvings for nine decimals. */
const HALVINGS = 32;

/**
 * The lower end of the one-sided confidence interval of a share (Clopper and Pearson, 1934, https://doi.org/10.1093/biomet/26.4.404): the
 * share at which at least this many successes occur in 5 % of all cases.
 */
function shareAtLeast(successes: number, trials: number): number {
  if (successes === 0) return 0;
  let [low, high] = [0, 1];
  for (let halving = 0; halving < HALVINGS; halving += 1) {
    const middle = (low + high) / 2;
    if (tailOf(successes, trials, middle) > 1 - CONFIDENCE) high = middle;
    else low = middle;
  }
  return low;
}

/** Returns the probability of at least this many successes. */
function tailOf(successes: number, trials: number, share: number): number {
  let logChoose = 0;
  for (let index = 1; index <= trials - successes; index += 1) {
    logChoose += Math.log((successes + index) / index);
  }
  let sum = 0;
  // From `successes` upwards; each term follows from the one before.
  for (let count = successes; count <= trials; count += 1) {
    sum += Math.exp(logChoose + count * Math.log(share) + (trials - count) * Math.log1p(-share));
    logChoose += Math.log((trials - count) / (count + 1));
  }
  return sum;
}
