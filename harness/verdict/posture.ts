import { countedOf } from '../model/counted.ts';
import type {
  ComparisonObservation,
  Observation,
  PostureCheckRecord,
  PostureDifference,
  PostureRecord,
  PostureVerdict,
} from '../model/posture.ts';
import { haltedBy } from './halts.ts';
import { contradictionIn } from './posture-contradictions.ts';
import { judgeCost } from './posture-cost.ts';
import type { CheckJudgement } from './posture-judgement.ts';
import { judgeRecoveryPoints } from './posture-recovery-points.ts';
import { judgeRetention } from './posture-retention.ts';
import { judgeSchedule } from './posture-schedule.ts';

/** How many differences of a check are told; how many more there are is told as well. */
const SHOWN = 3;

/** What a check's observation is worth. A check that could not be made, or that compared nothing, is `unproven`. */
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
    failure === null ? contradictionIn(observation) : 'something was observed, and the check failed';
  if (contradiction === undefined) return judged;
  return { verdict: 'unproven', found: `the record contradicts itself: ${contradiction}`, cause: 'proof-missing' };
}

/** The record with every verdict computed again from what was observed. A check that was promised and is missing is `unproven`. */
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

/** `breached` dominates, then `unproven`, then `at-risk`; no check at all proves nothing. */
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
  if (compared === 0) return { verdict: 'unproven', found: `no ${of} were there to compare`, cause: 'not-looked-at' };
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

/** What explains other differences comes before them. */
const causesFirst = (differences: readonly PostureDifference[]): readonly PostureDifference[] => [
  ...differences.filter(({ isCause }) => isCause === true),
  ...differences.filter(({ isCause }) => isCause !== true),
];

const inWords = ({ item, expected, found, nextStep }: PostureDifference): string =>
  sentenceOf(`${item}: expected ${expected}, found ${found}. ${nextStep}`);

const sentenceOf = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);
