import type {
  ComparisonObservation,
  Observation,
  PostureCheckRecord,
  PostureRecord,
  PostureVerdict,
} from '../model/posture.ts';
import type { CheckJudgement } from './posture-judgement.ts';
import { judgeRecoveryPoints } from './posture-recovery-points.ts';
import { judgeRetention } from './posture-retention.ts';
import { judgeSchedule } from './posture-schedule.ts';

/** What a check's observation is worth. A check that could not be made, or that compared nothing, is `unproven`. */
export function judgeCheck(
  check: Pick<PostureCheckRecord, 'promise' | 'observation' | 'failure'>,
): Pick<PostureCheckRecord, 'verdict' | 'sentence'> {
  const { promise, observation, failure } = check;
  const { verdict, found } =
    observation === null
      ? { verdict: 'unproven' as const, found: `it could not be checked: ${failure?.join(' / ') ?? 'no reason given'}` }
      : judgeObservation(observation);
  return { verdict, sentence: sentenceOf(`${promise}: ${found}`) };
}

/** The record with every verdict computed again from what was observed. */
export function judgePosture(record: PostureRecord): PostureRecord {
  const checks = record.checks.map((check) => ({ ...check, ...judgeCheck(check) }));
  return { ...record, checks, verdict: worst(checks.map(({ verdict }) => verdict)) };
}

/** `breached` dominates, then `unproven`; no check at all proves nothing. */
export function worst(verdicts: readonly PostureVerdict[]): PostureVerdict {
  if (verdicts.includes('breached')) return 'breached';
  return verdicts.length === 0 || verdicts.includes('unproven') ? 'unproven' : 'met';
}

function judgeObservation(observation: Observation): CheckJudgement {
  switch (observation.kind) {
    case 'comparison':
      return judgeComparison(observation);
    case 'schedule':
      return judgeSchedule(observation);
    case 'retention':
      return judgeRetention(observation);
    case 'recovery-points':
      return judgeRecoveryPoints(observation);
  }
}

function judgeComparison(observation: ComparisonObservation): CheckJudgement {
  const { of, compared, differing, firstDifferences, notVerified } = observation;
  if (compared === 0) return { verdict: 'unproven', found: `no ${of} were there to compare` };
  if (differing === 0) {
    const open = notVerified.length === 0 ? '' : ` (not verified: ${notVerified.join('; ')})`;
    return { verdict: 'met', found: `${compared} ${of} compared, all as promised${open}` };
  }
  const [first] = firstDifferences;
  const count = `${differing} of ${compared} ${of} ${differing === 1 ? 'is' : 'are'} not as promised`;
  if (first === undefined) return { verdict: 'breached', found: count };
  const { item, expected, found, nextStep } = first;
  return {
    verdict: 'breached',
    found: `${count}${differing === 1 ? '' : ', the first'}: ${item}: expected ${expected}, found ${found}. ${nextStep}`,
  };
}

const sentenceOf = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);
