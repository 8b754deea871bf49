import type { DecisionView, Mark, NotDrilledView, PostureView, PromiseView } from './page-view.ts';

const WORDS: readonly (readonly [Mark, string])[] = [
  ['breached', 'breached'],
  ['unproven', 'unproven'],
  ['waived', 'waived'],
  ['at-risk', 'at risk'],
  ['met', 'met'],
];

/** How many drills ended how. Marks that do not occur are left out, except for `met`. */
export function summaryCounts(
  promises: readonly PromiseView[],
  postures: readonly PostureView[],
  notDrilled: readonly NotDrilledView[],
): DecisionView['counts'] {
  const checks = postures.flatMap((posture) => posture.checks);
  const drills = WORDS.map(([mark, word]) => ({
    mark,
    count: promises.filter((promise) => promise.mark === mark).length,
    what: `${word}, by drill`,
  }));
  const checked = WORDS.filter(([mark]) => mark !== 'waived').map(([mark, word]) => ({
    mark,
    count: checks.filter(({ verdict }) => verdict === mark).length,
    what: `${word}, by posture check`,
  }));
  const missing = { mark: 'not-run' as const, count: notDrilled.length, what: 'not drilled in this run' };
  return [...drills, ...checked, missing].filter(({ count }) => count > 0);
}
