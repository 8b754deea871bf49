/** One line of the bench: a ratio with its bound, or a figure that is only reported. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  /** Compared with the bound in place of `value`, if chance must not decide. */
  readonly judgedValue?: number;
  readonly unit: 'ratio' | 's';
  readonly bound?: { readonly atMost: number } | { readonly atLeast: number };
  readonly detail: string;
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
};

export function holds({ value: shown, judgedValue: value = shown, bound }: Figure): boolean {
  if (bound === undefined) return true;
  return 'atMost' in bound ? value <= bound.atMost : value >= bound.atLeast;
}

export function lineOf(figure: Figure): string {
  const { name, value, unit, bound, detail } = figure;
  const shown = unit === 'ratio' ? value.toFixed(2) : `${value.toFixed(1)} s`;
  const wanted =
    bound === undefined ? 'reported' : 'atMost' in bound ? `at most ${bound.atMost}` : `at least ${bound.atLeast}`;
  const outcome = bound === undefined ? '' : holds(figure) ? '  holds' : '  DOES NOT HOLD';
  return `${name.padEnd(58)} ${shown.padStart(8)}  ${wanted.padEnd(13)}${outcome}  (${detail})`;
}
