import type { DrillRecord, Finding, FindingName, Verdict } from '../model/record.ts';
import { isSame } from '../verdict/content.ts';
import { drillLabel, verdictOf } from './run-summary.ts';
import { inWords } from './text.ts';

export interface NotMet {
  readonly drill: DrillRecord;
  readonly label: string;
  readonly verdict: Verdict;
  /** What was promised, what happened, what to do, in the judgement's own words: every finding of that verdict, each cause once. */
  readonly sentence: string;
  /** The parts of the record that show it. */
  readonly lookAt: string;
}

/** Where in a drill record the cause of a finding is to be seen. */
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

/** What is said of every drill that is not met, the worst first. */
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

/** Where the content is judged by the second restore, its own part of the record says more. */
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
    // A finding that repeats the cause of another one, and adds a remark, is not another cause.
    if (!sentences.some((told) => sentence.startsWith(told.slice(0, -1)))) sentences.push(sentence);
  }
  const places = new Set(drill.failure === null ? findings.flatMap(({ name }) => placesOf(name, drill)) : ['failure']);
  return {
    sentence: sentences.map((sentence, index) => (index === 0 ? sentence : `Also: ${sentence}`)).join(' '),
    lookAt: places.size === 0 ? 'judgement' : inWords([...places]),
  };
}

/** Every breach is told. Of what is not proved or at risk the first finding is enough: the others mostly follow from it. */
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
