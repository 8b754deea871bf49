import type { DrillRecord, Verdict } from '../../model/record.ts';
import { isKept } from '../../model/record-parts.ts';
import { compareText } from '../../model/text.ts';
import { verdictOf } from '../../reporting/run-summary.ts';
import { MEASUREMENT_VERSION } from '../entry.ts';
import { defaultPolicy } from '../gate/policy.ts';
import { judgeRegression, type RegressionSample, sampleOf, seriesOf } from '../gate/regression.ts';
import { keyOf, THIS_MANY_RUNS } from './names.ts';
import type { PageGate, PageSource, PastDrill } from './page-source.ts';
import type { HistoryView } from './page-view.ts';

interface Told {
  readonly history: HistoryView;
  readonly since: string;
}

/** Returns the earlier results of the promise, and since when its verdict holds. */
export function historyOf(
  record: DrillRecord,
  { past, gate, ledger }: Pick<PageSource, 'past' | 'gate' | 'ledger'>,
): Told {
  const isCut = ledger !== undefined && (ledger.isCut || ledger.problem !== null);
  const key = keyOf(record);
  const earlier = past
    .filter((drill) => drill.runId !== record.runId && keyOf(drill) === key)
    .filter((drill) => drill.moments.began.utc <= record.moments.began.utc)
    .toSorted((one, other) => compareText(one.moments.began.utc, other.moments.began.utc));
  const shown = earlier.slice(-(THIS_MANY_RUNS - 1));
  const verdict = verdictOf(record);
  const before = earlier.at(-1);
  const beforeVerdict = before === undefined ? undefined : verdictOfPast(before);
  const isWorse = beforeVerdict !== undefined && isKept(beforeVerdict) && !isKept(verdict);
  return {
    since: sinceWhen(verdict, earlier, isCut),
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
  // Times of another measurement version have another meaning, so they are not shown beside today's.
  const isComparable = !('measurementVersion' in drill) || drill.measurementVersion === MEASUREMENT_VERSION;
  return {
    runId: drill.runId,
    utc: drill.moments.began.utc,
    mark: verdictOfPast(drill),
    rtaMs: isComparable ? (drill.judgement?.rta?.valueMs ?? null) : null,
    measuredMs: isComparable && drill.phases.length > 0 ? measuredMsOf(drill) : null,
  };
}

const verdictOfPast = (drill: Pick<PastDrill, 'judgement'> | DrillRecord): Verdict =>
  drill.judgement?.verdict ?? 'unproven';

/** Returns the time of the first drill in the unbroken row with this verdict. */
function sinceWhen(verdict: Verdict, earlier: readonly PastDrill[], isCut: boolean): string {
  const before = earlier.at(-1);
  if (before === undefined) return isCut ? 'not known: older drills were not read' : 'first drill on record';
  const other = earlier.findLastIndex((drill) => verdictOfPast(drill) !== verdict);
  const row = earlier.slice(other + 1);
  const [first] = row;
  if (first === undefined) return `this run; ${verdictOfPast(before)} before`;
  const runs = row.length + 1;
  const day = first.moments.began.utc.slice(0, 10);
  if (other !== -1) return `${day} (${runs} drills)`;
  return isCut ? `${day} or earlier (at least ${runs} drills)` : `${day}, the first drill on record (${runs} drills)`;
}

const measuredMsOf = ({ phases }: Pick<PastDrill, 'phases'>): number =>
  phases.reduce((sum, { measuredMs }) => sum + measuredMs, 0);

/** Returns the gate's regression result for this drill, or that of its default rule for the known drills. */
function regressionSentence(record: DrillRecord, earlier: readonly PastDrill[], gate: PageGate | undefined): string {
  const judged = proofOf(gate, record)?.regression;
  if (judged !== undefined && judged !== null) return judged.sentence;
  const { regression } = defaultPolicy();
  if (regression === null) return '';
  const series = seriesOf(record);
  const baseline: RegressionSample[] = [];
  for (const drill of earlier) {
    if (seriesOf(drill) !== series) continue;
    const sample = sampleOf(drill, drill.measurementVersion);
    // A regression never becomes part of a baseline.
    if (typeof sample === 'string' || judgeRegression(sample, baseline, regression).state === 'slower') continue;
    baseline.push(sample);
  }
  const { state, sentence } = judgeRegression(sampleOf(record, MEASUREMENT_VERSION), baseline, regression);
  return state === 'slower' ? `Slower than the limit. ${sentence}` : sentence;
}

type GateProof = PageGate['promises'][number]['proofs'][number];

/**
 * Returns the gate's proof of this drill. Undefined if the gate judged another drill of the same promise: a later one, or one on
 * another target.
 */
const proofOf = (gate: PageGate | undefined, { contract, disaster, drillId }: DrillRecord): GateProof | undefined =>
  gate?.promises
    .find((promise) => promise.contract === contract.name)
    ?.proofs.find((proof) => proof.disaster === disaster.name && proof.drillId === drillId);

export const isJudgedBy = (gate: PageGate | undefined, record: DrillRecord): boolean =>
  proofOf(gate, record) !== undefined;
