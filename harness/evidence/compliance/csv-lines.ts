import type { EntryOf, LedgerEntry } from '../entry.ts';
import { cellOf, csvLine } from '../exports/result-row.ts';
import { happenedAt, isWithin, type Period } from './period-results.ts';

type Cell = string | number | boolean | null;
type Row = readonly (readonly [field: string, value: Cell])[];

/** Yields a header and one line for each drill and each posture contract of the period, in the form of RFC 4180. */
export async function* csvLines(
  entries: AsyncIterable<LedgerEntry> | Iterable<LedgerEntry>,
  period: Period,
): AsyncGenerator<string, void, undefined> {
  yield csvLine(FIELDS);
  for await (const entry of entries) {
    if (!isWithin(period, happenedAt(entry.body))) continue;
    for (const row of rowsOf(entry)) {
      const values = new Map(row);
      yield csvLine(FIELDS.map((field) => cellOf(rounded(values.get(field) ?? null))));
    }
  }
}

const FIELDS = [
  'entry',
  'digest',
  'key',
  'at',
  'run',
  'drill',
  'contract',
  'disaster',
  'owner',
  'priority',
  'controls',
  'target',
  'commit',
  'verdict',
  'rtoMs',
  'rtaMs',
  'rtaIsAtLeast',
  'rpoMs',
  'rpaMs',
  'rpaIsAtLeast',
  'exposureMs',
  'itemsExpected',
  'itemsMatched',
  'seededBytes',
  'measurementVersion',
  'notHeld',
  'sentence',
  'keepsNoData',
  'halts',
] as const;

function rowsOf({ sequence, digest, keyId, body }: LedgerEntry): Row[] {
  const ledger = [
    ['entry', sequence],
    ['digest', digest],
    ['key', keyId],
  ] as const;
  if (body.kind === 'drill') return [[...ledger, ...drillCells(body)]];
  if (body.kind === 'run-finished' || body.kind === 'run-killed') {
    return (body.run.postures ?? []).map((posture) => [
      ...ledger,
      ['at', happenedAt(body)],
      ['run', body.runId],
      ['contract', posture.contract.name],
      ['owner', posture.contract.owner],
      ['controls', posture.contract.controls.join('; ')],
      ['target', body.run.target],
      ['verdict', posture.verdict],
      ['notHeld', namesOf(posture.checks)],
      ['sentence', sentencesOf(posture.checks)],
      ['halts', [...new Set(posture.checks.flatMap(({ halts }) => halts ?? []))].join('; ')],
    ]);
  }
  return [];
}

function drillCells(body: EntryOf<'drill'>): Row {
  const { runId, measurementVersion, record } = body;
  const { contract, disaster, environment, judgement, comparison } = record;
  const items = comparison?.items ?? [];
  return [
    ['at', happenedAt(body)],
    ['run', runId],
    ['drill', record.drillId],
    ['contract', contract.name],
    ['disaster', disaster.name],
    ['owner', contract.owner],
    ['priority', contract.priority],
    ['controls', contract.controls.join('; ')],
    ['target', environment.target],
    ['commit', environment.commit],
    ['verdict', judgement?.verdict ?? 'unproven'],
    ['rtoMs', contract.rtoMs],
    ['rtaMs', judgement?.rta?.valueMs ?? null],
    ['rtaIsAtLeast', judgement?.rta?.atLeast ?? null],
    ['rpoMs', contract.rpoMs],
    ['rpaMs', judgement?.rpa?.valueMs ?? null],
    ['rpaIsAtLeast', judgement?.rpa?.atLeast ?? null],
    ['exposureMs', judgement?.exposureMs ?? null],
    ['itemsExpected', comparison === null ? null : items.reduce((sum, { expected }) => sum + expected, 0)],
    ['itemsMatched', comparison === null ? null : items.reduce((sum, { matched }) => sum + matched, 0)],
    ['seededBytes', record.seeded?.bytes ?? null],
    ['measurementVersion', measurementVersion],
    ['notHeld', namesOf(judgement?.findings ?? [])],
    ['keepsNoData', contract.rpoMs === null],
    ['sentence', judgement?.sentence ?? record.failure?.messages.join('; ') ?? null],
  ];
}

interface Judged {
  readonly name: string;
  readonly verdict: string;
  readonly sentence: string;
}

const isNotHeld = ({ verdict }: Judged): boolean => verdict !== 'met' && verdict !== 'at-risk';
const namesOf = (all: readonly Judged[]): string =>
  all
    .filter(isNotHeld)
    .map(({ name }) => name)
    .join('; ');
const sentencesOf = (all: readonly Judged[]): string =>
  all
    .filter(isNotHeld)
    .map(({ sentence }) => sentence)
    .join(' ');

/** Rounds numbers, because fractions of milliseconds are noise. */
const rounded = (value: Cell): Cell => (typeof value === 'number' ? Math.round(value) : value);
