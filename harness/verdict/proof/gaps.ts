import type { Assurance, AssurancePromise, DrillRecord, ExpectedProof, Finding } from '../../model/record.ts';
import { counted } from '../../model/text.ts';
import { contradiction, elapsedMs, lacking, namesDiffer, SAME_MS } from './gap.ts';

/** Yields a gap if a stage of the drill, or a finding that contract and disaster promise, is missing. */
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
  // The finding on the recovery time already explains an unfinished phase.
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

/** Yields a gap if the stages, which follow one another, together take longer than the drill. */
function* durationGaps({ stages, moments: { began, ended } }: DrillRecord): Generator<string> {
  const stagesMs = stages.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const drillMs = elapsedMs(began, ended);
  if (stagesMs > drillMs + SAME_MS) {
    yield contradiction(`the stages took ${Math.round(stagesMs)} ms, and the whole drill ${Math.round(drillMs)} ms`);
  }
}

/** Yields a gap if an announced read did not show the asset gone, or an identity from before the disaster is unchanged. */
export function* destructionGaps(record: DrillRecord, expected: ExpectedProof): Generator<string> {
  const { absence, provenance, disaster } = record;
  if (disaster.exercised === null || disaster.exercised === '') yield lacking('what the disaster did');
  yield* namesDiffer(
    'the read that shows the asset gone',
    expected.absence,
    absence.map(({ what }) => what),
  );
  yield* namesDiffer(
    'the identity',
    expected.identities.map(({ what }) => what),
    provenance.map(({ what }) => what),
  );
  const silent = absence.find(({ observed }) => observed === '');
  if (silent !== undefined) yield lacking(`what was observed by the read that shows the asset gone "${silent.what}"`);
  for (const [index, { what, before, after, isNew, keptBy }] of provenance.entries()) {
    if (before !== expected.identities[index]?.value) {
      yield contradiction(
        `before the disaster, ${what} was ${expected.identities[index]?.value}, but it is compared with ${before}`,
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

/** Yields a gap if a part of the promise was not checked, or the counts differ from those of the checks. */
export function* assuranceGaps(
  promise: AssurancePromise,
  { assurances = [] }: DrillRecord,
  expected: ExpectedProof,
): Generator<string> {
  const named = (all: readonly Pick<Assurance, 'promise' | 'what'>[]) =>
    all.filter((each) => each.promise === promise).map(({ what }) => what);
  yield* namesDiffer('the check', named(expected.assurances), named(assurances));
  for (const assurance of assurances) yield* countGaps(assurance);
}

function* countGaps({ what, checked, failed, observed, notListed = 0 }: Assurance): Generator<string> {
  const listed = observed.reduce((sum, { checks = 1 }) => sum + checks, 0);
  if (checked !== listed + notListed) {
    yield contradiction(`${checked} checks of ${what} are counted, but ${listed + notListed} were made`);
  }
  const silent = observed.find((each) => each.what === '' || each.observed === '');
  if (silent !== undefined) yield lacking(`what was observed of ${what}`);
  const hidden = observed.find(({ held, attempts }) => held && attempts !== undefined && attempts.failed > 0);
  if (hidden !== undefined) {
    yield contradiction(`${hidden.what} of ${what} is said to have held, but attempts failed: ${hidden.observed}`);
  }
  const broken = observed.find(({ held }) => !held);
  if (failed === 0 && broken !== undefined) {
    yield contradiction(
      `no check of ${what} is said to have failed, but this one did: ${broken.what}: ${broken.observed}`,
    );
  }
}
