import type { DrillRecord, FindingName, Verdict } from '../model/record.ts';
import { drillLabel, verdictOf } from './run-summary.ts';

export interface NotMet {
  readonly drill: DrillRecord;
  readonly label: string;
  readonly verdict: Verdict;
  /** What was promised, what happened, what to do: the judgement's own words. */
  readonly sentence: string;
  /** The parts of the record that show it. */
  readonly lookAt: string;
}

/** Where in a drill record the cause of a finding is to be seen. */
const PLACE_OF: Readonly<Record<FindingName, string>> = {
  content: 'comparison and markers',
  rto: 'phases and probe',
  rpo: 'markers',
  exposure: 'contract.schedule and recoveryPoint',
  destruction: 'absence and provenance',
  freshness: 'recoveryPoint and contract.schedule',
  untouched: 'assurances',
  acceptance: 'assurances',
  'fail-back': 'failBack',
};

/** One sentence for every drill that is not met, the worst first. */
export function listNotMet(drills: readonly DrillRecord[]): NotMet[] {
  const order: readonly Verdict[] = ['breached', 'unproven', 'at-risk'];
  return drills
    .filter((drill) => verdictOf(drill) !== 'met')
    .map((drill) => ({
      drill,
      label: drillLabel(drill),
      verdict: verdictOf(drill),
      sentence: sentenceOf(drill),
      lookAt: placeOf(drill),
    }))
    .toSorted((one, other) => order.indexOf(one.verdict) - order.indexOf(other.verdict));
}

function sentenceOf(drill: DrillRecord): string {
  const sentence = drill.judgement?.sentence.trim() ?? '';
  if (sentence !== '') return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
  const { failure } = drill;
  if (failure === null) return 'The drill left no judgement, so nothing is proved.';
  const ending = failure.aborted ? 'was interrupted' : 'failed';
  return `The drill ${ending} at "${failure.stage}": ${failure.messages[0] ?? 'no reason was given'}.`;
}

function placeOf(drill: DrillRecord): string {
  if (drill.failure !== null) return 'failure';
  const verdict = verdictOf(drill);
  const finding = drill.judgement?.findings.find((each) => each.verdict === verdict);
  return finding === undefined ? 'judgement' : PLACE_OF[finding.name];
}
