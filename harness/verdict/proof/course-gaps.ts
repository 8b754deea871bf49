import { counted } from '../../model/counted.ts';
import type { DrillRecord, ExpectedProof, Finding } from '../../model/record.ts';
import { contradiction, lacking, namesDiffer } from './gap.ts';
import { elapsedMs, SAME_MS } from './moments.ts';

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
  // A phase that the recovery time was judged by, and found unfinished, is explained there.
  const isRtoProved = findings.some(({ name, verdict }) => name === 'rto' && verdict !== 'unproven');
  const told = (stage: string) =>
    !isRtoProved && record.phases.some(({ name, outcome }) => name === stage && outcome !== 'completed');
  const unfinished = ownStages.find(({ name, outcome }) => outcome !== 'completed' && !told(name));
  if (unfinished !== undefined) yield lacking(`that the stage "${unfinished.name}" was completed`);
  const promised = expected.findings.filter((name) => name === 'untouched' || name === 'acceptance');
  yield* namesDiffer('the assurance', promised, disaster.assures ?? []);
  if ((record.contract.failsBack === true) !== (expected.failBack !== undefined)) {
    yield contradiction('the contract and the announced proof do not agree on whether there is a fail-back');
  }
  yield* durationGaps(record);
  if (seeded === null || seeded.items === 0) yield lacking('what was seeded');
  if (recoveryPoint === null) yield lacking('the recovery point');
  else if (recoveryPoint.objects === 0 || recoveryPoint.sizeBytes === 0) {
    yield contradiction(
      `it was restored from a recovery point of ${counted(recoveryPoint.objects, 'object')} and ${counted(recoveryPoint.sizeBytes, 'byte')}`,
    );
  } else if (recoveryPoint.id === '' || recoveryPoint.location === '' || recoveryPoint.digest === '')
    yield lacking('where the recovery point lies, or its digest');
  if (restore === null) yield lacking('the restore');
}

/** Stages follow one another: together they take no longer than the drill. */
function* durationGaps({ stages, moments: { began, ended } }: DrillRecord): Generator<string> {
  const stagesMs = stages.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const drillMs = elapsedMs(began, ended);
  if (stagesMs > drillMs + SAME_MS) {
    yield contradiction(`the stages took ${Math.round(stagesMs)} ms, and the whole drill ${Math.round(drillMs)} ms`);
  }
}
