import { z } from 'zod';

const ms = z.number().nonnegative();

/** How the bound is stated. */
export const CONFIDENCE = 0.95;

export const distributionSchema = z.object({
  drills: z.number().int().nonnegative().describe('Drills with a value, of the present measurement version.'),
  atLeast: z.number().int().nonnegative().describe('Of these, values that are only a lower bound: the drill gave up.'),
  objectiveMs: ms.nullable().describe('The objective of the last drill.'),
  within: z
    .number()
    .int()
    .nonnegative()
    .describe('Drills whose value is known and was within the objective of that drill.'),
  minMs: ms.nullable(),
  medianMs: ms.nullable(),
  p95Ms: ms.nullable().describe('The smallest value that 95 % of the drills do not exceed.'),
  maxMs: ms.nullable().describe('Null where no drill has a value. A lower bound if `atLeast` is not 0.'),
  withinShareAtLeast: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .describe(
      'With 95 % confidence at least this share of recoveries like these stays within the objective: the exact one-sided bound by Clopper and Pearson. Null without drills.',
    ),
  notCompared: z.number().int().nonnegative().describe('Drills of another measurement version, which are left out.'),
});
export type Distribution = z.infer<typeof distributionSchema>;

/** Collects one kind of figure of one promise. It keeps eight bytes for each drill. */
export class DistributionCollector {
  readonly #values: number[] = [];
  #atLeast = 0;
  #within = 0;
  #objectiveMs: number | null = null;
  #notCompared = 0;

  add(value: { readonly valueMs: number; readonly atLeast: boolean }, objectiveMs: number): void {
    this.#values.push(value.valueMs);
    this.#objectiveMs = objectiveMs;
    if (value.atLeast) this.#atLeast += 1;
    else if (value.valueMs <= objectiveMs) this.#within += 1;
  }

  leaveOut(): void {
    this.#notCompared += 1;
  }

  result(): Distribution {
    const sorted = Float64Array.from(this.#values).toSorted();
    const count = sorted.length;
    const at = (share: number): number | null => sorted[Math.max(0, Math.ceil(share * count) - 1)] ?? null;
    return {
      drills: count,
      atLeast: this.#atLeast,
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
 * The lower end of the one-sided confidence interval of a share (Clopper and Pearson, 1934,
 * https://doi.org/10.1093/biomet/26.4.404): the share at which so many successes or more would have been seen in 5 % of all cases.
 */
export function shareAtLeast(successes: number, trials: number, confidence = CONFIDENCE): number {
  if (successes === 0) return 0;
  let [low, high] = [0, 1];
  for (let halving = 0; halving < HALVINGS; halving += 1) {
    const middle = (low + high) / 2;
    if (tailOf(successes, trials, middle) > 1 - confidence) high = middle;
    else low = middle;
  }
  return low;
}

/** The probability of so many successes or more. */
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
