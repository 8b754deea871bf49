import { causeGivenBy, summaryOf } from '../model/errors.ts';
import {
  type ComparisonObservation,
  type Observation,
  POINTS_LISTED,
  type PostureCheckRecord,
  type PostureDifference,
  type PostureRecord,
  type PostureVerdict,
  type RecoveryPointsObservation,
  type RetentionObservation,
  type ScheduleObservation,
} from '../model/posture.ts';
import { countedOf } from '../model/text.ts';
import { formatDuration } from '../model/units.ts';
import type { CheckJudgement } from './finding.ts';
import { haltedBy } from './halts.ts';
import { judgeCost } from './posture-cost.ts';
import { judgeRecoveryPoints } from './posture-recovery-points.ts';
import { judgeRetention } from './posture-retention.ts';
import { analyseRuns, type RunAnalysis } from './run-analysis.ts';

/** Number of differences of a check that a sentence lists; it only counts the rest. */
const SHOWN = 3;

/** Judges the observation of a check. A check that could not be made, or that compared nothing, is `unproven`. */
export function judgeCheck(
  check: Pick<PostureCheckRecord, 'promise' | 'observation' | 'failure' | 'failureCause'>,
): Pick<PostureCheckRecord, 'verdict' | 'sentence' | 'cause'> {
  const { verdict, found, cause } = judgeOutcome(check);
  return { verdict, sentence: sentenceOf(`${check.promise}: ${found}`), cause: verdict === 'met' ? undefined : cause };
}

interface Outcome extends Omit<CheckJudgement, 'cause'> {
  readonly cause?: string | undefined;
}

function judgeOutcome({
  observation,
  failure,
  failureCause,
}: Pick<PostureCheckRecord, 'observation' | 'failure' | 'failureCause'>): Outcome {
  if (observation === null) {
    return {
      verdict: 'unproven',
      found: `it could not be checked: ${failure?.join(' / ') ?? 'no reason given'}`,
      cause: failureCause ?? 'check-failed',
    };
  }
  const judged = judgeObservation(observation);
  if (judged.verdict !== 'met') return judged;
  const contradiction =
    failure === null ? contradictionIn(observation) : 'something was observed, but the check failed';
  if (contradiction === undefined) return judged;
  return { verdict: 'unproven', found: `the record contradicts itself: ${contradiction}`, cause: 'proof-missing' };
}

/** Returns the record with every verdict computed again from the observations. A promised check that is missing is `unproven`. */
export function judgePosture(record: PostureRecord): PostureRecord {
  const checks = [...record.checks.map((check) => judgedAgain(check, record.contract.owner)), ...missingChecks(record)];
  return { ...record, checks, verdict: worst(checks.map(({ verdict }) => verdict)) };
}

function judgedAgain(check: PostureCheckRecord, owner: string): PostureCheckRecord {
  const judged = judgeCheck(check);
  return { ...check, ...judged, ...haltedBy(check, judged.verdict, owner, judged.cause) };
}

function missingChecks({ contract, checks, expectedChecks }: PostureRecord): PostureCheckRecord[] {
  if (expectedChecks === undefined) {
    return [
      unproven(
        'expected-checks',
        contract.name,
        'an older version made this record, and did not write down which checks it had to hold',
      ),
    ];
  }
  const names = checks.map(({ name }) => name);
  return [
    ...expectedChecks
      .filter((name) => !names.includes(name))
      .map((name) => unproven(name, contract.name, `the check "${name}" is missing from the record`)),
    ...names
      .filter((name) => !expectedChecks.includes(name))
      .map((name) =>
        unproven(`${name}-expected`, contract.name, `the check "${name}" was not announced before it was made`),
      ),
  ];
}

function unproven(name: string, promise: string, reason: string): PostureCheckRecord {
  const failure = [reason];
  return {
    name,
    promise,
    durationMs: 0,
    observation: null,
    failure,
    ...judgeCheck({ promise, observation: null, failure }),
  };
}

/** Returns the worst verdict: `breached`, then `unproven`, then `at-risk`. An empty list is `unproven`. */
export function worst(verdicts: readonly PostureVerdict[]): PostureVerdict {
  if (verdicts.includes('breached')) return 'breached';
  if (verdicts.length === 0 || verdicts.includes('unproven')) return 'unproven';
  return verdicts.includes('at-risk') ? 'at-risk' : 'met';
}

function judgeObservation(observation: Observation): Outcome {
  switch (observation.kind) {
    case 'comparison':
      return judgeComparison(observation);
    case 'schedule':
      return judgeSchedule(observation);
    case 'retention':
      return judgeRetention(observation);
    case 'recovery-points':
      return judgeRecoveryPoints(observation);
    case 'cost':
      return judgeCost(observation);
  }
}

function judgeComparison(observation: ComparisonObservation): Outcome {
  const { of, compared, differing, firstDifferences, notVerified, undecided = [], basis, nothingYet } = observation;
  const by = basis === undefined ? '' : ` by ${basis}`;
  if (compared === 0) return { verdict: 'unproven', found: `there were no ${of} to compare`, cause: 'not-looked-at' };
  const [unsure] = undecided;
  if (differing === 0 && unsure !== undefined) {
    const told = undecided.slice(0, SHOWN).map(({ item, reason }) => `${item}: ${reason}`);
    const more = undecided.length > SHOWN ? `; and ${undecided.length - SHOWN} more` : '';
    return {
      verdict: 'unproven',
      found: `${countedOf(compared, of)} compared${by}, and this could not be decided: ${told.join('; ')}${more}`,
      cause: unsure.cause ?? 'not-decided',
    };
  }
  if (differing === 0 && nothingYet !== undefined) return { verdict: 'met', found: nothingYet };
  if (differing === 0) {
    const open = notVerified.length === 0 ? '' : ` (not verified: ${notVerified.join('; ')})`;
    return {
      verdict: 'met',
      found: `${countedOf(compared, of)} compared${by}, ${compared === 1 ? '' : 'all '}as promised${open}`,
    };
  }
  const [first, ...others] = causesFirst(firstDifferences).slice(0, SHOWN);
  const count = `${differing} of ${countedOf(compared, of)} ${differing === 1 ? 'is' : 'are'} not as promised${basis === undefined ? '' : `, found by ${basis}`}`;
  if (first === undefined) return { verdict: 'breached', found: count, cause: 'not-as-promised' };
  const more = differing - 1 - others.length;
  return {
    verdict: 'breached',
    cause: first.cause ?? 'not-as-promised',
    found: [
      `${count}: ${inWords(first)}`,
      ...others.map((other) => `Also ${inWords(other)}`),
      ...(more > 0 ? [`And ${more} more`] : []),
    ].join(' '),
  };
}

/** Sorts differences that explain others before them. */
const causesFirst = (differences: readonly PostureDifference[]): readonly PostureDifference[] => [
  ...differences.filter(({ isCause }) => isCause === true),
  ...differences.filter(({ isCause }) => isCause !== true),
];

const inWords = ({ item, expected, found, nextStep }: PostureDifference): string =>
  sentenceOf(`${item}: expected ${expected}, found ${found}. ${nextStep}`);

const sentenceOf = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

/** Returns the first inconsistency of an observation; undefined when there is none. */
function contradictionIn(observation: Observation): string | undefined {
  switch (observation.kind) {
    case 'comparison':
      return inComparison(observation);
    case 'retention':
      return inRetention(observation);
    case 'recovery-points':
      return inRecoveryPoints(observation);
    case 'schedule':
    // `judgeCost` adds a cost again for every verdict.
    case 'cost':
      return undefined;
  }
}

function inComparison({ of, firstDifferences }: ComparisonObservation): string | undefined {
  const [first] = firstDifferences;
  return first === undefined ? undefined : `no ${of} differ, and ${first.item} is not ${first.expected}`;
}

function inRetention({ recoveryPoints, oldest }: RetentionObservation): string | undefined {
  if ((recoveryPoints === 0) === (oldest === null)) return undefined;
  return `${recoveryPoints} recovery points lie there, and the oldest is of ${oldest}`;
}

function inRecoveryPoints({
  counted,
  succeeded,
  failed,
  missed = 0,
  points,
}: RecoveryPointsObservation): string | undefined {
  if (points.length !== Math.min(counted, POINTS_LISTED)) {
    return `${counted} recovery points are counted, and ${points.length} are listed`;
  }
  const listed = (outcome: 'succeeded' | 'failed') => points.filter((point) => point.outcome === outcome).length;
  const all = counted <= POINTS_LISTED;
  for (const [outcome, count] of [
    ['succeeded', succeeded],
    ['failed', failed - missed],
  ] as const) {
    if (count < listed(outcome) || (all && count > listed(outcome))) {
      return `${count === 1 ? '1 recovery point is' : `${count} recovery points are`} said to have ${outcome}, and ${listed(outcome)} of the listed ones have`;
    }
  }
  if (succeeded + failed - missed > counted)
    return `${succeeded + failed - missed} of ${counted} recovery points have ended`;
  return undefined;
}

/** Judges a schedule. It keeps its RPO when it exists, runs, and permits no more time than the RPO, including capture and upload. */
function judgeSchedule({ what, at, rpoMs, takesMs, found }: ScheduleObservation): CheckJudgement {
  if (found === null) {
    return {
      verdict: 'breached',
      found: `${what} does not exist. Apply the manifest that declares it`,
      cause: 'schedule-missing',
    };
  }
  const { cron, timeZone, paused, problem, runs } = found;
  if (paused) {
    return {
      verdict: 'breached',
      found: `${what} is paused, so no backup is taken. Resume it`,
      cause: 'schedule-paused',
    };
  }
  if (problem !== null) {
    return {
      verdict: 'breached',
      found: `${what} takes no backup: ${problem}. Correct it`,
      cause: 'schedule-takes-no-backup',
    };
  }
  let analysis: RunAnalysis;
  try {
    analysis = analyseRuns({ cron, timeZone, runs }, takesMs, new Date(at));
  } catch (error) {
    const cause = causeGivenBy(error) ?? 'schedule-rejected';
    if (cause === 'exposure-unknown') return { verdict: 'unproven', found: `${what}: ${summaryOf(error)}`, cause };
    return { verdict: 'breached', found: `${what} takes no backup: ${summaryOf(error)}`, cause };
  }
  return judgeAnalysis(analysis, { what, rpoMs, takesMs, schedule: `"${cron}" (${timeZone})` });
}

function judgeAnalysis(
  { gapMs, exposureMs, problems, because, doubt, notes }: RunAnalysis,
  { what, rpoMs, takesMs, schedule }: { what: string; rpoMs: number; takesMs: number; schedule: string },
): CheckJudgement {
  const [first] = problems;
  if (exposureMs === null || first !== undefined) {
    const reasons = [...problems.map(({ text }) => text), ...notes].join('. Also, ');
    return {
      verdict: 'breached',
      found: `${what} completes no backup: ${reasons}`,
      cause: first?.cause ?? 'schedule-takes-no-backup',
    };
  }
  const taking = takesMs === 0 ? '' : ` and ${formatDuration(takesMs)} for capture and upload`;
  const lets = `${schedule} of ${what} lets ${formatDuration(gapMs)} pass at most${taking}`;
  const text = because === undefined ? lets : `${lets}; ${because}: ${formatDuration(exposureMs)} in all`;
  if (exposureMs > rpoMs) {
    return {
      verdict: 'breached',
      found: `${text}, which is ${formatDuration(exposureMs - rpoMs)} more than the RPO of ${formatDuration(rpoMs)}. Run it more often`,
      cause: 'exposure-above-rpo',
    };
  }
  // One missed start doubles the gap.
  if (doubt !== undefined && exposureMs + gapMs > rpoMs) {
    return { verdict: 'unproven', found: `${text}, but ${doubt}`, cause: 'start-deadline-too-short' };
  }
  const also = [...notes, ...(doubt === undefined ? [] : [doubt])].map((note) => `; ${note}`).join('');
  return { verdict: 'met', found: `${text}, within the RPO of ${formatDuration(rpoMs)}${also}` };
}
