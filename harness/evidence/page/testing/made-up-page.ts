import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DrillRecord, drillRecordSchema, type Verdict } from '../../../model/record.ts';
import type { RunRecord } from '../../../model/run-record.ts';
import { madeUpDrill, madeUpFinding, madeUpPosture, madeUpRun } from '../../../reporting/testing/made-up-records.ts';
import { MEASUREMENT_VERSION } from '../../entry.ts';
import type { PageSource, PastDrill } from '../page-source.ts';
import { writePage } from '../write-page.ts';

// Records with a value in every field that the page shows.

const MIB = 2 ** 20;

/** A drill of a large promise: phases with budgets, lost markers, a size fit, differences. */
export function fullDrill(contract = 'orders', verdict: Verdict = 'met'): DrillRecord {
  const drill = madeUpDrill({
    contract,
    judgement: {
      verdict,
      sentence: 'The reason.',
      findings: [madeUpFinding('content', verdict), madeUpFinding('rto', 'met'), madeUpFinding('exposure', 'met')],
    },
    phases: [
      { name: 'detection', measuredMs: 40, addedMs: 90_000, outcome: 'completed' },
      { name: 'restore', measuredMs: 3_000, addedMs: 0, outcome: 'completed', detail: 'in one part' },
    ],
  });
  const utc = '2025-11-23T12:00:00.000Z';
  return drillRecordSchema.parse({
    ...drill,
    contract: {
      ...drill.contract,
      inScope: ['messages'],
      outOfScope: ['accounts'],
      controls: ['SOC 2 A1.3'],
      productionSizeBytes: 50 * 1024 * MIB,
    },
    environment: {
      ...drill.environment,
      commit: 'a'.repeat(40),
      dirty: true,
      tools: [{ name: 'nats-server', version: '2.15.2', source: 'cache' }],
      differencesFromProduction: ['one machine'],
      sandbox: 'bubblewrap',
    },
    moments: {
      ...drill.moments,
      captureBegan: { utc, monotonicMs: 1_000 },
      cutOff: { utc, monotonicMs: 4_000 },
    },
    seeded: { items: 9, bytes: 10 * MIB, parts: [] },
    fingerprint: { items: 9, bytes: 10 * MIB, digest: `sha256:${'b'.repeat(64)}` },
    markers: [
      {
        lane: 'stream ORDERS',
        acknowledged: 30,
        acknowledgedBeforeCapture: 10,
        indeterminate: 0,
        restored: 12,
        lost: 18,
        lostBeforeCapture: 1,
        duplicated: 2,
        reordered: 0,
        altered: 0,
        unknown: 0,
        lastBeforeLossMs: 1_500,
        firstAcknowledgedMs: 500,
        lastAcknowledgedMs: 3_900,
        firstLostSequence: 13,
        firstLostBeforeCapture: null,
      },
    ],
    comparison: {
      items: [{ kind: 'messages', expected: 9, restored: 8, matched: 8, missing: 1, extra: 0, differing: 0 }],
      firstDifferences: [{ item: 'message 7', field: 'existence', expected: 'there', observed: 'missing' }],
      notVerified: ['consumer positions'],
    },
    sizes: [4, 16, 64, 256].map((size) => ({
      sizeBytes: size * MIB,
      restoreMs: 800 + size * 9 + (size % 7),
      backupMs: 500,
    })),
    cleanup: [{ what: 'scratch folder', outcome: 'failed', message: 'busy' }],
  });
}

/** The same drill as an earlier run made it, some days before. */
export const pastDrill = (drill: DrillRecord, daysBefore: number, verdict: Verdict = 'met'): PastDrill => ({
  ...drill,
  runId: `run-${daysBefore}`,
  measurementVersion: MEASUREMENT_VERSION,
  moments: { began: { utc: new Date(Date.UTC(2025, 10, 23 - daysBefore)).toISOString() } },
  judgement: { verdict, rta: { valueMs: 93_000 } },
});

export function fullRun(drills: readonly DrillRecord[] = [fullDrill()]): RunRecord {
  return {
    ...madeUpRun(drills, [madeUpPosture([{ name: 'writer-policy', verdict: 'breached', sentence: 'Too much.' }])]),
    leftOut: [{ contract: 'uploads', lacking: ['pods'], reason: 'its data lies in volumes', failsRun: true }],
    mistakes: [{ contract: 'typo', file: 'contracts/typo.spec.ts', message: 'rto is missing' }],
    failure: { messages: ['the disk is full'], interrupted: false },
  };
}

/** Returns the page of a run, written in a folder without records. */
export async function writtenPage(source: Pick<PageSource, 'run' | 'past' | 'whyNoGate'>): Promise<string> {
  const { run, past, whyNoGate } = source;
  const folder = await mkdtemp(join(tmpdir(), 'dr-page-'));
  try {
    const file = join(folder, 'report.html');
    await writePage({ outDir: folder, run, history: { past }, whyNoGate, file, root: folder });
    return await readFile(file, 'utf8');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
