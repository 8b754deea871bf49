import { summaryOf } from '../../model/errors.ts';
import type { HaltCondition, PostureRecord } from '../../model/posture.ts';
import type { DrillRecord, Finding, Judgement, Verdict } from '../../model/record.ts';
import { differencesIn } from '../../verdict/content.ts';
import { haltedBy } from '../../verdict/halts.ts';
import { judge, worstOf } from '../../verdict/judge.ts';
import { judgePosture } from '../../verdict/posture.ts';
import { UNWAIVABLE } from './waivers.ts';

// Rules become stricter over time, and a record can be edited. The gate therefore judges every record again, and takes the worse of
// the recorded verdict and today's.

const UNWAIVABLE_REASONS: ReadonlyMap<string, string> = new Map(Object.entries(UNWAIVABLE));

export interface JudgedFinding {
  readonly name: string;
  readonly verdict: Verdict;
  readonly sentence: string;
  /** Why no waiver may cover it; undefined if one may. */
  readonly unwaivable: string | undefined;
  /** The halt condition of a posture check that halts the roll-out, with the next step. */
  readonly halts?: HaltCondition | undefined;
  readonly nextStep?: string | undefined;
}

export interface JudgedAgain {
  /** The worse of the two. */
  readonly verdict: Verdict;
  readonly recorded: Verdict;
  readonly today: Verdict;
  readonly sentence: string;
  readonly findings: readonly JudgedFinding[];
  /** A sentence that says that the two differ; undefined if they agree. */
  readonly difference: string | undefined;
  /** Figures by today's rules; null for a posture, and if they cannot be computed. */
  readonly figures: {
    readonly rtaMs: number | null;
    readonly rpaMs: number | null;
    readonly exposureMs: number | null;
  };
}

/** Judges a drill by its record, regardless of the judgement in it. */
export function judgeDrillAgain(record: DrillRecord): JudgedAgain {
  const recorded = record.judgement?.verdict ?? 'unproven';
  const today = judgedToday(record);
  const verdict = worstOf([recorded, today.verdict]);
  const findings = mergedFindings(record.judgement?.findings ?? [], today.findings).map((finding) => ({
    ...finding,
    unwaivable: whyUnwaivable(finding, record),
  }));
  const sentence =
    verdict === today.verdict ? today.sentence : (record.judgement?.sentence ?? 'No judgement is recorded.');
  const { rta, rpa, exposureMs } = today;
  const figures = { rtaMs: rta?.valueMs ?? null, rpaMs: rpa?.valueMs ?? null, exposureMs };
  return { verdict, recorded, today: today.verdict, sentence, findings, difference: differ(recorded, today), figures };
}

export function judgePostureAgain(record: PostureRecord): JudgedAgain {
  const today = judgePosture(record);
  const verdict = worstOf([record.verdict, today.verdict]);
  const findings = mergedFindings(record.checks, today.checks).map((finding) => {
    const check = record.checks.find(({ name }) => name === finding.name);
    const judged = [...today.checks, ...record.checks].find(
      ({ name, verdict: told }) => name === finding.name && told === finding.verdict,
    );
    const { halts, nextStep } = haltedBy(check ?? {}, finding.verdict, record.contract.owner, judged?.cause);
    return { ...finding, unwaivable: undefined, halts, nextStep };
  });
  const sentence = findings.find((each) => each.verdict === verdict)?.sentence ?? 'Nothing was checked.';
  const difference = differ(record.verdict, { verdict: today.verdict, sentence });
  const figures = { rtaMs: null, rpaMs: null, exposureMs: null };
  return { verdict, recorded: record.verdict, today: today.verdict, sentence, findings, difference, figures };
}

function judgedToday(record: DrillRecord): Judgement {
  try {
    return judge(record);
  } catch (error) {
    // A record from elsewhere may hold unexpected values, such as an unreadable schedule.
    const sentence = `The record cannot be judged: ${summaryOf(error)}`;
    const findings: Finding[] = [{ name: 'destruction', verdict: 'unproven', sentence }];
    return { verdict: 'unproven', sentence, findings, rta: null, rpa: null, exposureMs: null, marginPercent: null };
  }
}

interface Named {
  readonly name: string;
  readonly verdict: Verdict;
  readonly sentence: string;
}

/** Returns every finding once, with the worse of its two verdicts; if they are equal, today's finding. */
function mergedFindings(recorded: readonly Named[], today: readonly Named[]): readonly Named[] {
  const names = [...new Set([...today, ...recorded].map(({ name }) => name))];
  return names.flatMap((name) => {
    const both = [...today, ...recorded].filter((finding) => finding.name === name);
    const verdict = worstOf(both.map((finding) => finding.verdict));
    const worst = both.find((finding) => finding.verdict === verdict);
    return worst === undefined ? [] : [{ name, verdict, sentence: worst.sentence }];
  });
}

function differ(
  recorded: Verdict,
  today: { readonly verdict: Verdict; readonly sentence: string },
): string | undefined {
  if (recorded === today.verdict) return undefined;
  const which = worstOf([recorded, today.verdict]) === recorded ? 'The recorded verdict' : "Today's verdict";
  return `Recorded as ${recorded}, judged ${today.verdict} by today's rules. ${which} counts, because it is the worse one.`;
}

function whyUnwaivable({ name }: Pick<Finding, 'name'> | Named, record: DrillRecord): string | undefined {
  const reason = UNWAIVABLE_REASONS.get(name);
  if (reason !== undefined) return reason;
  if (name !== 'fail-back' || record.failBack === undefined) return undefined;
  const { writesTried, markers, comparison } = record.failBack;
  if (writesTried.some(({ accepted }) => accepted)) return 'split brain cannot be waived';
  const changed = markers.some(
    ({ lost, duplicated, reordered, altered, unknown }) => lost + duplicated + reordered + altered + unknown > 0,
  );
  return changed || differencesIn(comparison) !== undefined ? UNWAIVABLE.content : undefined;
}
