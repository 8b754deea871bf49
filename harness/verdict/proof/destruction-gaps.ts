import type { DrillRecord, ExpectedProof } from '../../model/record.ts';
import { contradiction, lacking, namesDiffer } from './gap.ts';

/** Whether every announced read showed the asset gone, and every identity from before the disaster is another one now. */
export function* destructionGaps(record: DrillRecord, expected: ExpectedProof): Generator<string> {
  const { absence, provenance, disaster } = record;
  if (disaster.exercised === null || disaster.exercised === '') yield lacking('what the disaster did');
  yield* namesDiffer(
    'the read of what is gone,',
    expected.absence,
    absence.map(({ what }) => what),
  );
  yield* namesDiffer(
    'the identity',
    expected.identities.map(({ what }) => what),
    provenance.map(({ what }) => what),
  );
  const silent = absence.find(({ observed }) => observed === '');
  if (silent !== undefined) yield lacking(`what was observed by the read of what is gone, "${silent.what}"`);
  for (const [index, { what, before, after, isNew, keptBy }] of provenance.entries()) {
    if (before !== expected.identities[index]?.value) {
      yield contradiction(
        `before the disaster, ${what} was ${expected.identities[index]?.value}, and it is compared with ${before}`,
      );
    }
    if (keptBy !== expected.identities[index]?.keptBy) {
      yield contradiction(`${what} may be the old one (${keptBy}), which was not announced before the disaster`);
    }
    if (after === null || after === '') yield lacking(`${what} after the restore`);
    if (isNew !== (after !== before)) {
      yield contradiction(`${what} was ${before} and is ${after}, and is called ${isNew ? 'new' : 'old'}`);
    }
  }
}
