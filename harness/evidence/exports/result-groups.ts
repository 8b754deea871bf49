import type { HaltCondition, PostureRecord } from '../../model/posture.ts';
import type { DrillRecord, Verdict } from '../../model/record.ts';
import { compareText } from '../../model/text.ts';
import { withHalt } from '../../reporting/halts-text.ts';
import { inWords } from '../../reporting/text.ts';
import { POSTURE, placesOf, promiseKey } from '../entry.ts';
import { type JudgedAgain, judgeDrillAgain, judgePostureAgain } from '../gate/judge-again.ts';
import { endOf, isFor, type Waiver } from '../gate/waivers.ts';
import type { ExportedRun } from './exported-run.ts';

// The results of a run in the common form for all formats: groups (a disaster of a contract, or its posture) of cases
// (findings or posture checks). The names of groups and cases are the same in every run.

/**
 * The outcome of a case for the tools of a pipeline. An unproven case is an `error`. It is never `skipped`, because pipelines treat that
 * as harmless; only a waiver skips a case.
 */
export type Outcome = 'passed' | 'failed' | 'error' | 'skipped';

export interface ResultCase {
  /** For example `content`, `rto`, or the name of a posture check. */
  readonly name: string;
  readonly verdict: Verdict;
  readonly outcome: Outcome;
  /** If the case halts the roll-out, the sentence also has the halt, its owner and the next step. */
  readonly sentence: string;
  readonly waiver: Waiver | null;
  /** The halt condition of a posture check that is not met. */
  readonly halts: HaltCondition | null;
}

/** Figures in milliseconds; null means unknown. */
export interface Figures {
  readonly rtoMs: number | null;
  readonly rtaMs: number | null;
  /** True when the real time is longer than `rtaMs`. */
  readonly rtaIsLowerBound: boolean;
  readonly rpoMs: number | null;
  readonly rpaMs: number | null;
  readonly rpaIsLowerBound: boolean;
  readonly exposureMs: number | null;
  /** True if the contract says that the asset keeps no data; then there are no loss figures. Null without a drill. */
  readonly keepsNoData: boolean | null;
}

export interface ResultGroup {
  readonly contract: string;
  /** `posture` for checks without a drill, `run` for results of the whole contract or run. */
  readonly disaster: string;
  readonly verdict: Verdict;
  /** The worst outcome of its cases. */
  readonly outcome: Outcome;
  readonly sentence: string;
  readonly priority: string | null;
  readonly owner: string | null;
  readonly controls: readonly string[];
  readonly began: string | null;
  readonly ended: string | null;
  readonly durationMs: number;
  readonly figures: Figures;
  readonly drill: DrillRecord | null;
  readonly cases: readonly ResultCase[];
}

export interface Waiving {
  /** Waivers that the policy allows. */
  readonly waivers: readonly Waiver[];
  /** The moment for which the expiry of waivers is checked. */
  readonly atMs: number;
}

/** The name in place of a disaster for results of a whole contract or run. */
export const RUN = 'run';

export const NO_WAIVERS: Waiving = { waivers: [], atMs: 0 };

const NO_FIGURES: Figures = {
  rtoMs: null,
  rtaMs: null,
  rtaIsLowerBound: false,
  rpoMs: null,
  rpaMs: null,
  rpaIsLowerBound: false,
  exposureMs: null,
  keepsNoData: null,
};

/** Every result of a run, sorted by contract and disaster. */
export function resultGroups(run: ExportedRun, waiving: Waiving = NO_WAIVERS): readonly ResultGroup[] {
  const groups = [
    ...run.drills.map((record) => drillGroup(record, waiving)),
    ...run.postures.map((record) => postureGroup(record, waiving)),
    ...withoutRecord(run, waiving),
    ...run.mistakes.map(({ contract, file, message }) =>
      runGroup(contract ?? file, 'contract file', message, run, waiving),
    ),
    ...run.failures.map((message) => runGroup('dr-contracts', 'run', message, run, waiving)),
  ];
  return groups.toSorted((a, b) => compareText(a.contract, b.contract) || compareText(a.disaster, b.disaster));
}

/** Returns the results of one drill. The verdict is the worse of the recorded one and today's judgement of the same record. */
export function drillGroup(record: DrillRecord, waiving: Waiving): ResultGroup {
  const judged = judgeDrillAgain(record);
  const { contract, disaster, moments } = record;
  const stated = judged.findings.map((finding) =>
    caseOf({ contract: contract.name, disaster: disaster.name, ...finding }, waiving),
  );
  // A verdict that no finding explains, such as that of an interrupted drill, is a separate case.
  const isExplained = stated.some(({ verdict }) => verdict === judged.verdict);
  const rest = { name: 'verdict', verdict: judged.verdict, sentence: judged.sentence, unwaivable: 'not a finding' };
  const cases = isExplained
    ? stated
    : [...stated, caseOf({ contract: contract.name, disaster: disaster.name, ...rest }, waiving)];
  const { rta, rpa } = record.judgement ?? { rta: null, rpa: null };
  return {
    contract: contract.name,
    disaster: disaster.name,
    verdict: judged.verdict,
    outcome: worstOutcome(cases),
    sentence: [sentenceOf(judged), judged.difference].filter((each) => each !== undefined).join(' '),
    priority: contract.priority,
    owner: contract.owner,
    controls: contract.controls,
    began: moments.began.utc,
    ended: moments.ended?.utc ?? null,
    durationMs:
      moments.ended === null ? 0 : Math.max(0, Math.round(moments.ended.monotonicMs - moments.began.monotonicMs)),
    figures: {
      rtoMs: contract.rtoMs,
      rtaMs: rounded(judged.figures.rtaMs ?? rta?.valueMs),
      rtaIsLowerBound: rta?.atLeast ?? false,
      rpoMs: contract.rpoMs,
      rpaMs: rounded(judged.figures.rpaMs ?? rpa?.valueMs),
      rpaIsLowerBound: rpa?.atLeast ?? false,
      exposureMs: rounded(judged.figures.exposureMs ?? record.judgement?.exposureMs),
      keepsNoData: contract.rpoMs === null,
    },
    drill: record,
    cases,
  };
}

/** Returns the sentence of a drill; for a kept promise, that on the restored content. */
const sentenceOf = ({ verdict, sentence, findings }: JudgedAgain): string =>
  (verdict === 'met' ? findings.find(({ name }) => name === 'content')?.sentence : undefined) ?? sentence;

/** Rounds to whole milliseconds. */
const rounded = (durationMs: number | null | undefined): number | null =>
  durationMs === null || durationMs === undefined ? null : Math.round(durationMs);

/** Returns the results of the checks of one posture contract, by the same rule. */
export function postureGroup(record: PostureRecord, waiving: Waiving): ResultGroup {
  const judged = judgePostureAgain(record);
  const { name, owner, controls } = record.contract;
  const place = { contract: name, disaster: null };
  const stated = judged.findings.map((finding) => caseOf({ ...place, ...finding, owner }, waiving));
  const rest = { name: 'verdict', verdict: judged.verdict, sentence: judged.sentence, unwaivable: 'not a finding' };
  const cases = stated.some(({ verdict }) => verdict === judged.verdict)
    ? stated
    : [...stated, caseOf({ ...place, ...rest }, waiving)];
  return {
    contract: name,
    disaster: POSTURE,
    verdict: judged.verdict,
    outcome: worstOutcome(cases),
    sentence: cases.find((each) => each.verdict === judged.verdict)?.sentence ?? judged.sentence,
    priority: null,
    owner,
    controls,
    began: record.at,
    ended: record.at,
    durationMs: Math.round(record.durationMs),
    figures: NO_FIGURES,
    drill: null,
    cases,
  };
}

/**
 * Returns groups for promises without a record: disasters that were not drilled, and contracts that were left out. Each is an error, even
 * if the project expects it (`notOn`), because this run does not prove it. A waiver of `missing` skips it.
 */
function withoutRecord(run: ExportedRun, waiving: Waiving): readonly ResultGroup[] {
  const leftOut = new Map(run.leftOut.map((each) => [each.contract, each]));
  const resulted = new Set([
    ...run.drills.map(({ contract, disaster }) => promiseKey(contract.name, disaster.name)),
    ...run.postures.map(({ contract }) => promiseKey(contract.name, POSTURE)),
  ]);
  const promised = (run.promises ?? []).filter(
    ({ contract }) => run.selected === null || run.selected.includes(contract) || leftOut.has(contract),
  );
  const known = new Set(promised.map(({ contract }) => contract));
  const unknown = run.leftOut
    .filter(({ contract }) => !known.has(contract))
    .map(({ contract }) => ({ contract, disasters: [RUN], priority: null, owner: null, controls: [] }));
  return [...promised, ...unknown].flatMap((promise) =>
    placesOf(promise)
      .filter((place) => !resulted.has(promiseKey(promise.contract, place)))
      .map((place) => {
        const { contract, disasters, priority, owner, controls } = promise;
        const disaster = known.has(contract) && disasters.length > 0 ? place : null;
        const why = leftOut.get(contract);
        const sentence = why === undefined ? 'It was promised and has no result in this run.' : whyLeftOut(why);
        const only = caseOf({ contract, disaster, name: 'missing', verdict: 'unproven', sentence }, waiving);
        return { ...groupOf(contract, place, only), priority, owner, controls };
      }),
  );
}

const whyLeftOut = ({ lacking, reason }: ExportedRun['leftOut'][number]): string =>
  `It was not drilled, because the target has no ${inWords(lacking)}${reason === undefined ? '' : `: ${reason}`}.`;

const runGroup = (
  contract: string,
  name: string,
  sentence: string,
  run: ExportedRun,
  waiving: Waiving,
): ResultGroup => ({
  ...groupOf(
    contract,
    RUN,
    caseOf({ contract, disaster: null, name, verdict: 'unproven', sentence, unwaivable: 'nothing ran' }, waiving),
  ),
  began: run.began,
  ended: run.ended,
});

const groupOf = (contract: string, disaster: string, only: ResultCase): ResultGroup => ({
  contract,
  disaster,
  verdict: only.verdict,
  outcome: only.outcome,
  sentence: only.sentence,
  priority: null,
  owner: null,
  controls: [],
  began: null,
  ended: null,
  durationMs: 0,
  figures: NO_FIGURES,
  drill: null,
  cases: [only],
});

interface Stated {
  readonly contract: string;
  /** Null for a posture contract, and for results of a whole contract or run. */
  readonly disaster: string | null;
  readonly name: string;
  readonly verdict: Verdict;
  readonly sentence: string;
  readonly unwaivable?: string | undefined;
  readonly halts?: HaltCondition | undefined;
  readonly owner?: string;
  readonly nextStep?: string | undefined;
}

const OUTCOMES: Readonly<Record<Verdict, Outcome>> = {
  met: 'passed',
  'at-risk': 'passed',
  breached: 'failed',
  unproven: 'error',
};

function caseOf(
  { contract, disaster, name, verdict, sentence: said, unwaivable, ...halting }: Stated,
  waiving: Waiving,
): ResultCase {
  const outcome = OUTCOMES[verdict];
  const waiver =
    outcome === 'passed' || unwaivable !== undefined
      ? undefined
      : waiving.waivers.find((each) => isFor(each, { contract, disaster }, [name]) && waiving.atMs < endOf(each));
  return {
    name,
    verdict,
    sentence: withHalt(said, halting),
    waiver: waiver ?? null,
    outcome: waiver === undefined ? outcome : 'skipped',
    halts: halting.halts ?? null,
  };
}

const WORST_FIRST: readonly Outcome[] = ['failed', 'error', 'skipped', 'passed'];

const worstOutcome = (cases: readonly { readonly outcome: Outcome }[]): Outcome =>
  WORST_FIRST.find((outcome) => cases.some((each) => each.outcome === outcome)) ?? 'error';

export function countOutcomes(cases: readonly { readonly outcome: Outcome }[]): Readonly<Record<Outcome, number>> {
  const counts = { passed: 0, failed: 0, error: 0, skipped: 0 };
  for (const { outcome } of cases) counts[outcome] += 1;
  return counts;
}

/** "waived until 2027-01-31 by … : …", for messages. */
export const waivedText = ({ expires, approver, reason }: Waiver): string =>
  `waived until ${expires} by ${approver}: ${reason}`;
