import type { DrillRecord, Verdict } from '../../model/record.ts';
import { formatDuration } from '../../model/units.ts';
import { verdictOf } from '../../reporting/run-summary.ts';
import { keyOf, THIS_MANY_RUNS } from './names.ts';
import type { PageGate, PastDrill } from './page-source.ts';
import type { HistoryView, Mark } from './page-view.ts';

/** With fewer comparable runs, nobody knows how much the times vary. */
const FEWEST_RUNS = 5;

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

/** The gate judges regressions. Without it, the page states the figures and leaves the judgement to its reader. */
function regressionSentence(record: DrillRecord, earlier: readonly PastDrill[], gate: PageGate | undefined): string {
  const judged = gate?.promises
    .find(({ contract }) => contract === record.contract.name)
    ?.proofs.find(({ disaster }) => disaster === record.disaster.name)?.regression;
  if (judged !== undefined && judged !== null) return judged.sentence;
  if (!isComplete(record)) return 'The measured time is not compared, because the recovery did not complete.';
  const comparable = earlier.filter((drill) => isComplete(drill) && isComparable(drill, record)).map(measuredMsOf);
  if (comparable.length < FEWEST_RUNS) {
    return `No baseline yet: ${comparable.length} of the ${FEWEST_RUNS} comparable earlier drills that it takes (same target, same data size, as many drills at once).`;
  }
  const median = medianOf(comparable.slice(-THIS_MANY_RUNS));
  const change = Math.round((measuredMsOf(record) / Math.max(1, median) - 1) * 100);
  const than = change === 0 ? 'as fast as' : `${Math.abs(change)} % ${change > 0 ? 'slower' : 'faster'} than`;
  return `The measured part of the recovery took ${formatDuration(measuredMsOf(record))}, ${than} the median of ${comparable.length} comparable earlier drills (${formatDuration(median)}).`;
}

const isComplete = ({ phases, failure }: Pick<PastDrill, 'phases' | 'failure'>): boolean =>
  failure === null && phases.length > 0 && phases.every(({ outcome }) => outcome === 'completed');

/** Sizes of generated data differ a little from run to run. */
const SAME_SIZE = 0.01;

function isComparable(one: PastDrill, other: DrillRecord): boolean {
  const [size, otherSize] = [one.seeded?.bytes ?? 0, other.seeded?.bytes ?? 0];
  return (
    one.environment.target === other.environment.target &&
    one.environment.concurrentDrills === other.environment.concurrentDrills &&
    Math.abs(size - otherSize) <= SAME_SIZE * Math.max(size, otherSize)
  );
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
