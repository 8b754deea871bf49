import type { HaltCondition, PostureVerdict } from '../../../model/posture.ts';
import type { DrillRecord, Verdict } from '../../../model/record.ts';
import { madeUpFinding, madeUpPosture } from '../../../reporting/testing/made-up-records.ts';
import { type EntryBody, type LedgerEntry, MEASUREMENT_VERSION, type PromiseFacts } from '../../entry.ts';
import { entriesOfRun, madeUpPromise } from '../../ledger/testing/made-up-ledger.ts';
import { fullDrill } from '../../page/testing/made-up-page.ts';
import { catalogue } from '../catalogue.ts';
import type { Framework } from '../catalogue-schema.ts';
import { type CollectedPeriod, PeriodCollector } from '../collect-period.ts';
import { makeComplianceReport } from '../make-report.ts';
import type { ComplianceReport } from '../report-schema.ts';

// Ledgers of invented runs, and the data collected from them.

export interface MadeUpDay {
  /** Target of the run; the default is that of other made-up runs. */
  readonly target?: string;
  /** Begin of the run: a day, or a time. */
  readonly on: string;
  readonly drills?: readonly DrillRecord[];
  readonly promises?: readonly PromiseFacts[];
  readonly posture?: PostureVerdict;
  /** The halt condition of its check. */
  readonly halts?: HaltCondition;
  readonly ending?: 'run-finished' | 'run-killed' | 'none';
  /** Entries that people appended after the run. */
  readonly afterRun?: readonly EntryBody[];
  readonly measurementVersion?: number;
  readonly change?: (body: EntryBody) => EntryBody;
}

export const ordersPromise = (wanted: Partial<PromiseFacts> = {}): PromiseFacts =>
  madeUpPromise({ contract: 'orders', controls: ['SOC 2 A1.3', 'HIPAA 164.308'], ...wanted });

/** A drill of the promise that `ordersPromise` states. */
export function ordersDrill(verdict: Verdict = 'met', change: Partial<DrillRecord> = {}): DrillRecord {
  const drill = fullDrill('orders', verdict);
  const sentence = verdict === 'met' ? 'All promises were kept.' : 'Recovered too late.';
  return {
    ...drill,
    judgement: drill.judgement && {
      ...drill.judgement,
      sentence,
      findings: [
        madeUpFinding('content', 'met'),
        madeUpFinding('exposure', 'met'),
        madeUpFinding('rto', verdict, sentence),
      ],
    },
    ...change,
  };
}

/** A review of the first run. */
export const review: EntryBody = {
  kind: 'sign-off',
  at: '2026-11-21T00:00:00.000Z',
  runId: 'run-1',
  reviewer: 'Ada',
  outcome: 'accepted',
  comment: 'seen',
};

/** The entries of the runs, one a minute. */
export function entriesOf(days: readonly MadeUpDay[]): readonly LedgerEntry[] {
  const entries: LedgerEntry[] = [];
  for (const [index, day] of days.entries()) {
    const beganMs = Date.parse(day.on);
    const runId = `run-${index + 1}`;
    const bodies = bodiesOf(day, runId, index);
    for (const [minute, body] of [...bodies, ...(day.afterRun ?? [])].entries()) {
      const at = new Date(beganMs + minute * 60_000).toISOString();
      const sequence = entries.length + 1;
      const dated = 'at' in body ? body : ({ ...body, at } as EntryBody);
      entries.push({
        sequence,
        digest: `sha256:${String(sequence).padStart(64, '0')}`,
        previous: null,
        keyId: 'ab'.repeat(32),
        body: day.change?.(dated) ?? dated,
      });
    }
  }
  return entries;
}

function bodiesOf(day: MadeUpDay, runId: string, index: number) {
  const began = new Date(day.on).toISOString();
  const drills = (day.drills ?? [ordersDrill()]).map((drill, number) => ({
    ...drill,
    drillId: `d${index + 1}x${number}`,
    moments: { ...drill.moments, began: { utc: began, monotonicMs: 0 }, ended: { utc: began, monotonicMs: 9 } },
  }));
  const {
    ending = 'run-finished',
    promises = [ordersPromise()],
    posture,
    halts,
    measurementVersion = MEASUREMENT_VERSION,
  } = day;
  return entriesOfRun({ runId, drills, promises, ending }).map((body) => {
    if (body.kind === 'drill') return { ...body, measurementVersion };
    if (body.kind !== 'run-finished' && body.kind !== 'run-killed') return body;
    const postures =
      posture === undefined
        ? []
        : [madeUpPosture([{ name: 'writer', verdict: posture, sentence: 'Too much.', ...(halts && { halts }) }])];
    const { target = body.run.target } = day;
    return { ...body, run: { ...body.run, target, began, ended: began, postures } };
  });
}

const DAY_MS = 86_400_000;

/** Returns the data collected from the first day to the end of the last one. */
export function collected(days: readonly MadeUpDay[], from: string, to: string): CollectedPeriod {
  const collector = new PeriodCollector(periodOf(from, to));
  for (const entry of entriesOf(days)) collector.add(entry);
  return collector.result();
}

export const periodOf = (from: string, to: string) => ({
  fromMs: Date.parse(from),
  toMs: Date.parse(to) + DAY_MS - 1,
});

export function madeUpReport(
  days: readonly MadeUpDay[],
  from: string,
  to: string,
  frameworks: readonly Framework[] = catalogue,
): ComplianceReport {
  return makeComplianceReport({
    collected: collected(days, from, to),
    period: periodOf(from, to),
    madeAt: '2026-12-01T00:00:00.000Z',
    frameworks,
    ledger: {
      at: 'reports/ledger',
      verification: {
        verdict: 'valid',
        entries: 9,
        runs: 3,
        from: '2026-01-01T00:00:00.000Z',
        to: '2026-11-30T00:00:00.000Z',
        head: { sequence: 9, digest: `sha256:${'9'.repeat(64)}` },
        signedBy: { [`${'ab'.repeat(32)}`]: 9 },
        unsigned: 0,
        unsignedEntries: [],
        faults: [],
        faultCounts: {},
        notes: [],
      },
      givenKeys: ['ab'.repeat(32)],
      givenReviewerKeys: [],
    },
  });
}
