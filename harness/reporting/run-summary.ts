import type { PostureRecord, PostureVerdict } from '../model/posture.ts';
import type { DrillRecord, Finding, FindingName, Verdict } from '../model/record.ts';
import type { RunRecord } from '../model/run-record.ts';
import { isSame } from '../verdict/content.ts';
import { inWords } from './text.ts';

type RunSummary = RunRecord['summary'];
export type ExitCode = RunSummary['exitCode'];

/** Returns the verdict; a drill without a judgement proved nothing. */
export function verdictOf(drill: DrillRecord): Verdict {
  return drill.judgement?.verdict ?? 'unproven';
}

/**
 * Returns the exit code. 0: everything is met or at risk. 1: something is breached. 2: nothing is breached, but something is unproven, was
 * required and not run, or was not cleaned up. An unfinished run, or one without any drill or posture check, is 2 whatever its drills say.
 */
export function exitCodeOf(verdicts: readonly Verdict[], cameToItsEnd: boolean): ExitCode {
  if (!cameToItsEnd || verdicts.length === 0) return 2;
  if (verdicts.includes('breached')) return 1;
  return verdicts.includes('unproven') ? 2 : 0;
}

/** Parts besides drills that a run was meant to prove and did not; each counts as unproven. */
type Unproved = Pick<RunRecord, 'leftOut' | 'mistakes'>;

export const unprovedIn = ({ leftOut = [], mistakes = [] }: Unproved): readonly Verdict[] =>
  [...leftOut.filter(({ failsRun }) => failsRun), ...mistakes].map(() => 'unproven');

/** Returns `unproven` for each drill that left something behind. It may harm the next drill, or the platform, so the run is not clean. */
export const cleanupsFailed = (drills: readonly DrillRecord[]): readonly Verdict[] =>
  drills.filter(({ cleanup }) => cleanup.some(({ outcome }) => outcome === 'failed')).map(() => 'unproven');

export function summarise(
  drills: readonly DrillRecord[],
  cameToItsEnd: boolean,
  postures: readonly PostureRecord[] = [],
  unproved: Unproved = {},
): RunSummary {
  const all = drills.map(verdictOf);
  const checks = postures.flatMap((posture) => posture.checks.map(({ verdict }) => verdict));
  const count = (verdict: Verdict) => all.filter((each) => each === verdict).length;
  return {
    drills: all.length,
    met: count('met'),
    atRisk: count('at-risk'),
    breached: count('breached'),
    unproven: count('unproven'),
    ...(checks.length === 0 ? {} : { postureChecks: countChecks(checks) }),
    exitCode: exitCodeOf([...all, ...checks, ...unprovedIn(unproved), ...cleanupsFailed(drills)], cameToItsEnd),
  };
}

function countChecks(verdicts: readonly PostureVerdict[]): NonNullable<RunSummary['postureChecks']> {
  const count = (verdict: PostureVerdict) => verdicts.filter((each) => each === verdict).length;
  return {
    checked: verdicts.length,
    met: count('met'),
    ...(verdicts.includes('at-risk') ? { atRisk: count('at-risk') } : {}),
    breached: count('breached'),
    unproven: count('unproven'),
  };
}

/** Returns the duration of the whole drill on the monotonic clock; without an end, the sum of its stages. */
export function drillDurationMs(drill: DrillRecord): number {
  const { began, ended } = drill.moments;
  if (ended !== null) return Math.max(0, ended.monotonicMs - began.monotonicMs);
  return drill.stages.reduce((sum, stage) => sum + stage.durationMs, 0);
}

export function drillLabel(drill: DrillRecord): string {
  return `${drill.contract.name}/${drill.disaster.name}`;
}

interface NotMet {
  readonly drill: DrillRecord;
  readonly label: string;
  readonly verdict: Verdict;
  /** Promise, observation and next step in the judgement's own words: every finding of that verdict, each cause once. */
  readonly sentence: string;
  /** Parts of the record that show it. */
  readonly lookAt: string;
}

/** Parts of a drill record that show the cause of a finding. */
const PLACES_OF: Readonly<Record<FindingName, readonly string[]>> = {
  content: ['comparison', 'markers'],
  rto: ['phases', 'probe'],
  rpo: ['markers'],
  exposure: ['contract.schedule', 'recoveryPoint'],
  destruction: ['absence', 'provenance'],
  freshness: ['recoveryPoint', 'contract.schedule'],
  untouched: ['assurances'],
  acceptance: ['assurances'],
  'fail-back': ['failBack'],
};

/** Returns the text about every drill that is not met, worst first. */
export function listNotMet(drills: readonly DrillRecord[]): NotMet[] {
  const order: readonly Verdict[] = ['breached', 'unproven', 'at-risk'];
  return drills
    .filter((drill) => verdictOf(drill) !== 'met')
    .map((drill) => ({
      drill,
      label: drillLabel(drill),
      verdict: verdictOf(drill),
      ...saidOf(drill),
    }))
    .toSorted((one, other) => order.indexOf(one.verdict) - order.indexOf(other.verdict));
}

/** Where the second restore decides about the content, its own part of the record has more detail. */
function placesOf(name: Finding['name'], { comparison, recoveryPoints }: DrillRecord): readonly string[] {
  const other = recoveryPoints?.otherRestored;
  if (name !== 'content' || other === undefined || comparison === null || !isSame(comparison)) return PLACES_OF[name];
  const isWhole = other.failure === null && other.comparison !== null && isSame(other.comparison);
  return isWhole ? PLACES_OF[name] : ['recoveryPoints.otherRestored'];
}

function saidOf(drill: DrillRecord): Pick<NotMet, 'sentence' | 'lookAt'> {
  const first = ended(drill.judgement?.sentence ?? '');
  if (first === '')
    return { sentence: withoutJudgement(drill), lookAt: drill.failure === null ? 'judgement' : 'failure' };
  const findings = findingsToTell(drill);
  const sentences = [first];
  for (const sentence of findings.slice(verdictOf(drill) === 'breached' ? 0 : 1).map((each) => ended(each.sentence))) {
    // A finding that repeats another one's cause with a remark added is not a separate cause.
    if (!sentences.some((told) => sentence.startsWith(told.slice(0, -1)))) sentences.push(sentence);
  }
  const places = new Set(drill.failure === null ? findings.flatMap(({ name }) => placesOf(name, drill)) : ['failure']);
  return {
    sentence: sentences.map((sentence, index) => (index === 0 ? sentence : `Also: ${sentence}`)).join(' '),
    lookAt: places.size === 0 ? 'judgement' : inWords([...places]),
  };
}

/** Returns every breach. For unproven or at-risk drills the first finding is enough, because the others mostly follow from it. */
function findingsToTell(drill: DrillRecord): readonly Finding[] {
  const verdict = verdictOf(drill);
  const findings = drill.judgement?.findings.filter((finding) => finding.verdict === verdict) ?? [];
  return verdict === 'breached' ? findings : findings.slice(0, 1);
}

function withoutJudgement({ failure }: DrillRecord): string {
  if (failure === null) return 'The drill left no judgement, so nothing is proved.';
  const ending = failure.aborted ? 'was interrupted' : 'failed';
  return `The drill ${ending} at "${failure.stage}": ${failure.messages[0] ?? 'no reason was given'}.`;
}

function ended(sentence: string): string {
  const text = sentence.trim();
  return text === '' || /[.!?]$/.test(text) ? text : `${text}.`;
}
