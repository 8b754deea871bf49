import type { DrillRecord, ExpectedProof, Finding } from '../../model/record.ts';
import { contradiction, lacking, namesDiffer } from './gap.ts';

/** Whether the drill went through all of its stages, and gave every finding that contract and disaster promise. */
export function* courseGaps(
  record: DrillRecord,
  expected: ExpectedProof,
  findings: readonly Finding[],
): Generator<string> {
  const { state, stages, seeded, recoveryPoint, restore, disaster } = record;
  if (state !== 'complete') yield contradiction(`it is judged in the state "${state}"`);
  const names = findings.map(({ name }) => name);
  yield* namesDiffer('the finding', expected.findings, names);
  const ownStages = stages.filter(({ name }) => expected.failBack?.stages.includes(name) !== true);
  yield* namesDiffer(
    'the stage',
    expected.stages,
    ownStages.map(({ name }) => name),
  );
  const unfinished = ownStages.find(({ outcome }) => outcome !== 'completed');
  if (unfinished !== undefined) yield lacking(`that the stage "${unfinished.name}" was completed`);
  const promised = expected.findings.filter((name) => name === 'untouched' || name === 'acceptance');
  yield* namesDiffer('the assurance', promised, disaster.assures ?? []);
  if (seeded === null || seeded.items === 0) yield lacking('what was seeded');
  if (recoveryPoint === null) yield lacking('the recovery point');
  else if (recoveryPoint.objects === 0 || recoveryPoint.sizeBytes === 0) {
    yield contradiction(
      `it was restored from a recovery point of ${recoveryPoint.objects} objects and ${recoveryPoint.sizeBytes} bytes`,
    );
  } else if (recoveryPoint.id === '' || recoveryPoint.location === '') yield lacking('where the recovery point lies');
  if (restore === null) yield lacking('the restore');
}
