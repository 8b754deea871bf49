import type { DrillRecord, Verdict } from '../../model/record.ts';
import { verdictOf } from '../../reporting/run-summary.ts';
import { MEASUREMENT_VERSION } from '../entry.ts';
import { defaultPolicy } from '../gate/policy.ts';
import { judgeRegression, sampleOf, seriesOf } from '../gate/regression.ts';
import { keyOf, THIS_MANY_RUNS } from './names.ts';
import type { PageGate, PastDrill } from './page-source.ts';
import type { HistoryView, Mark } from './page-view.ts';

interface Told {
  readonly history: HistoryView;
  readonly since: string;
}

/** How the promise was kept before, and since when it is as it is. */
export function historyOf(record: DrillRecord, past: readonly PastDrill[], gate: PageGate | undefined): Told {
  const key = keyOf(record);
  const earlier = past
    .filter((drill) => drill.runId !== record.runId && keyOf(drill) === key)
    .filter((drill) => drill.moments.began.utc <= record.moments.began.utc)
    .toSorted((one, other) => one.moments.began.utc.localeCompare(other.moments.began.utc));
  const shown = earlier.slice(-(THIS_MANY_RUNS - 1));
  const verdict = verdictOf(record);
  const before = earlier.at(-1);
  const beforeVerdict = before === undefined ? undefined : verdictOfPast(before);
  const isWorse = beforeVerdict !== undefined && isKept(beforeVerdict) && !isKept(verdict);
  return {
    since: sinceWhen(record, verdict, earlier),
    history: {
      objectiveMs: record.contract.rtoMs,
      runs: [...shown.map((drill) => ({ ...runOf(drill), isThisRun: false })), { ...runOf(record), isThisRun: true }],
      runsLeftOut: earlier.length - shown.length,
      sentences: [
        ...(isWorse && before !== undefined
          ? [`It was ${beforeVerdict} in the run before (${before.moments.began.utc}).`]
          : []),
        regressionSentence(record, earlier, gate),
      ],
      isWorse,
    },
  };
}

function runOf(drill: DrillRecord | PastDrill): Omit<HistoryView['runs'][number], 'isThisRun'> {
  return {
    runId: drill.runId,
    utc: drill.moments.began.utc,
    mark: verdictOfPast(drill),
    rtaMs: drill.judgement?.rta?.valueMs ?? null,
    measuredMs: drill.phases.length === 0 ? null : measuredMsOf(drill),
  };
}

const verdictOfPast = (drill: Pick<PastDrill, 'judgement'> | DrillRecord): Verdict =>
  drill.judgement?.verdict ?? 'unproven';
const isKept = (mark: Mark): boolean => mark === 'met' || mark === 'at-risk';

/** The first of the unbroken row of drills that ended with this verdict. */
function sinceWhen(record: DrillRecord, verdict: Verdict, earlier: readonly PastDrill[]): string {
  if (earlier.length === 0) return 'first drill on record';
  const other = earlier.findLastIndex((drill) => verdictOfPast(drill) !== verdict);
  const row = earlier.slice(other + 1);
  const [first] = row;
  if (first === undefined) return `this run; ${verdictOfPast(earlier.at(-1) ?? record)} before`;
  const runs = row.length + 1;
  const day = first.moments.began.utc.slice(0, 10);
  return other === -1 ? `${day}, the first drill on record (${runs} drills)` : `${day} (${runs} drills)`;
}

const measuredMsOf = ({ phases }: Pick<PastDrill, 'phases'>): number =>
  phases.reduce((sum, { measuredMs }) => sum + measuredMs, 0);

/** What the gate says of it, or what its default rule says of the drills at hand. */
function regressionSentence(record: DrillRecord, earlier: readonly PastDrill[], gate: PageGate | undefined): string {
  const judged = gate?.promises
    .find(({ contract }) => contract === record.contract.name)
    ?.proofs.find(({ disaster }) => disaster === record.disaster.name)?.regression;
  if (judged !== undefined && judged !== null) return judged.sentence;
  const series = seriesOf(record);
  const before = earlier
    .filter((drill) => seriesOf(drill) === series)
    .map((drill) => sampleOf(drill, MEASUREMENT_VERSION))
    .filter((sample) => typeof sample !== 'string');
  const { regression } = defaultPolicy();
  if (regression === null) return '';
  const { state, sentence } = judgeRegression(sampleOf(record, MEASUREMENT_VERSION), before, regression);
  return state === 'slower' ? `Slower than the limit. ${sentence}` : sentence;
}
