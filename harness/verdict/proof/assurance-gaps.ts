import type { Assurance, AssurancePromise, DrillRecord, ExpectedProof } from '../../model/record.ts';
import { contradiction, lacking, namesDiffer } from './gap.ts';

/** Whether everything was looked at that the promise covers, and the counts are those of the checks. */
export function* assuranceGaps(
  promise: AssurancePromise,
  { assurances = [] }: DrillRecord,
  expected: ExpectedProof,
): Generator<string> {
  const named = (all: readonly Pick<Assurance, 'promise' | 'what'>[]) =>
    all.filter((each) => each.promise === promise).map(({ what }) => what);
  yield* namesDiffer('the look at', named(expected.assurances), named(assurances));
  for (const assurance of assurances) yield* countGaps(assurance);
}

function* countGaps({ what, checked, failed, observed, notListed = 0 }: Assurance): Generator<string> {
  const listed = observed.reduce((sum, { checks = 1 }) => sum + checks, 0);
  if (checked !== listed + notListed) {
    yield contradiction(`${checked} checks of ${what} are counted, and ${listed + notListed} were made`);
  }
  const silent = observed.find((each) => each.what === '' || each.observed === '');
  if (silent !== undefined) yield lacking(`what was observed of ${what}`);
  const hidden = observed.find(({ held, attempts }) => held && attempts !== undefined && attempts.failed > 0);
  if (hidden !== undefined) {
    yield contradiction(`${hidden.what} of ${what} is said to have held, and attempts failed: ${hidden.observed}`);
  }
  const broken = observed.find(({ held }) => !held);
  if (failed === 0 && broken !== undefined) {
    yield contradiction(
      `no check of ${what} is said to have failed, and this one did: ${broken.what}: ${broken.observed}`,
    );
  }
}
